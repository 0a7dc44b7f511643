"""Tests of asrcli."""
