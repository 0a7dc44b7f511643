"""Measurements that are no tests: `make bench`, `make outage`, `make chaos`, `make soak`."""
