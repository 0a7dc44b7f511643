"""Tests of protocol/realtime."""
