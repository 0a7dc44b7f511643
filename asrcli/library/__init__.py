"""The library: finished transcripts in an SQLite file, with full-text search."""
