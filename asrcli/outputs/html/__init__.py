"""A transcript as one web page."""
