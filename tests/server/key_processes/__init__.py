"""Processes of their own for keys."""
