"""The wire of the FunASR runtime, client end."""
