"""Tests of what the user has set once."""
