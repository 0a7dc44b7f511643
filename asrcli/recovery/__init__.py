"""Faults as pure machines: no clock, no socket."""
