"""Tests of server/faults."""
