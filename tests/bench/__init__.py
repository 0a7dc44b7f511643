"""Measurements that are no tests: `make bench`, `make chaos`, `make soak`."""
