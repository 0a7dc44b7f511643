"""Tests of protocol/inference."""
