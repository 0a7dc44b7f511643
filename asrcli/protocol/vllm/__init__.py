"""The wire of vLLM's realtime endpoint, client end."""
