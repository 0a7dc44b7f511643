"""Outputs: what shows a transcript on the screen, and what writes it to files, pipes and commands."""
