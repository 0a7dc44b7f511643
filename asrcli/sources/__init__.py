"""Sources: where the PCM of a run comes from."""
