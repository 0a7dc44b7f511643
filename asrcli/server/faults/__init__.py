"""Injected faults: scripts of them, random ones, what triggers them, and the socket that commits them."""
