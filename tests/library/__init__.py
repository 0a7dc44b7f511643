"""Tests of asrcli.library."""
