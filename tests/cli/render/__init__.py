"""Tests of cli/render."""
