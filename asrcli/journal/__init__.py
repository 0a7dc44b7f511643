"""The journal: the audio and the events of a run on disk, complete even if the program is killed."""
