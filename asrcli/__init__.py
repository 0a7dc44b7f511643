"""Live transcription on the command line; the package holds its version and nothing else."""

__version__ = "0.1.0"
