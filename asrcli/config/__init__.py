"""What the user has set once for all runs: settings from files, profiles and the environment, and the keys."""
