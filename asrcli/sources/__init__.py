"""Where PCM comes from."""
