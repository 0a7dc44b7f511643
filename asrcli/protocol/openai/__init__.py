"""The wire of OpenAI's realtime transcription sessions, both ends."""
