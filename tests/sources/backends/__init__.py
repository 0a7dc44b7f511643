"""Tests of sources/backends."""
