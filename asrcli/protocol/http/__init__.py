"""Single requests over HTTP and their answers: hot-word lists and temporary keys. No I/O."""
