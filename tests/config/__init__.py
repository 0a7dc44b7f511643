"""Tests of what the user has set once: settings and keys."""
