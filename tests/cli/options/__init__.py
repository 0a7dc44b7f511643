"""Tests of cli/options."""
