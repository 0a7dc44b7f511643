"""The realtime wire (session.update): Qwen-ASR models. No I/O."""
