"""The realtime wire as Qwen-Omni models speak it: each turn is answered under a prompt."""
