"""The libraries and programs that microphones are read through."""
