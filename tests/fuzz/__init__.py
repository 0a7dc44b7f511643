"""Whatever comes from outside, in bulk: each file a group of targets, for `make fuzz`."""
