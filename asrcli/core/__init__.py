"""The types that all folders share: errors, audio, events, messages, settings, interfaces. Pure."""
