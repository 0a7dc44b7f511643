"""What the user has set once for all runs: the keys that are kept for them."""
