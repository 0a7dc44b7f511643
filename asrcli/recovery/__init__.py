"""Decides what to do about lost connections and lost audio: no clock, no socket, no thread."""
