"""Tests of protocol/omni."""
