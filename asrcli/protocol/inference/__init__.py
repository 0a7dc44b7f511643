"""The inference wire (run-task): Fun-ASR, Paraformer, Gummy and qwen-audio streaming models. No I/O."""
