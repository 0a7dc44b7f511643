"""The captions page: what is shown, and the small server for it."""
