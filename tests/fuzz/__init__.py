"""Fuzzing of everything that reads input from outside: one file for each group of targets, for `make fuzz`."""
