"""Tests of a batch on a cluster."""
