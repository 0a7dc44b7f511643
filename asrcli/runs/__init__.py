"""The use cases: a transcription run, a raw exchange, the account and the budget of a run."""
