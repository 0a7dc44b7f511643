"""The nouns that everything shares: errors, audio, events, messages, settings, interfaces. Pure."""
