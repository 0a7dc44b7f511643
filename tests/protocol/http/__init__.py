"""Tests of protocol/http."""
