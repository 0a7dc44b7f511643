"""What to do about losses, as pure machines: no clock, no socket, no thread."""
