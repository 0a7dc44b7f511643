"""The realtime wire of Qwen-Omni models, which answer each turn by a prompt. No I/O."""
