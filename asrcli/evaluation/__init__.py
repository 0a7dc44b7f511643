"""Compares transcripts with references: error rates, alignments, times of captions."""
