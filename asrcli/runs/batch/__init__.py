"""Many inputs in one run that can be repeated until all are done: what to do, what is remembered, and how fast."""
