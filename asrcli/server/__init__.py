"""The local server: both wires, by the server side of the same codecs, with any recognizer of recognizers/."""
