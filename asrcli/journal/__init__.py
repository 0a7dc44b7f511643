"""What a microphone heard and what became of it, on disk: written so that no end of the program costs it."""
