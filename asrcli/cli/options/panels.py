"""The names of the panels in which the help shows options."""

AUDIO = "Audio"
CONNECTION = "Connection"
OUTPUT = "Output"
DIAGNOSIS = "Diagnosis"

FLAG = ""  # the metavar of an option that takes no value: the help shows none
