"""The two wires: messages to events and back, both ends of each side by side. No socket, no clock, no randomness."""
