"""The wires: codecs from messages to events and back, for client and server. No I/O, no clock."""
