"""The wires of the service: messages to events and back, client and server side by side. No I/O, no clock."""
