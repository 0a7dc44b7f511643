"""The local server: both wires, through the server half of the same codecs, over a recognizer of one's choice."""
