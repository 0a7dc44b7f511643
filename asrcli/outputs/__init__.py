"""What shows and what stores a transcript."""
