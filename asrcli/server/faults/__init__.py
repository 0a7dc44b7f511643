"""Injected faults: scripts, random plans, triggers, and the faulty socket. All of the fault machinery is here."""
