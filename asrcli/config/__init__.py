"""Settings from outside the command line: files, profiles and environment variables, each with its origin."""
