"""Back ends: the libraries and programs through which microphones are read."""
