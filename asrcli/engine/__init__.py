"""The client path: sessions on one shared thread, and beside it the capture threads and the dial threads."""
