"""A long recording in parts, cut at silences, that are transcribed at the same time and joined on one timeline."""
