"""Speech against quiet by loudness alone, with a noise floor that follows the room. Numbers only, no audio."""

LEARNING_S = 1.0  # before this nothing is called quiet
RISE_DB_S = 1.0  # the floor follows a room that gets louder this fast, and one that gets quieter at once
ABOVE_FLOOR_DB = 6.0  # what stands out by so much may be speech
LOWEST_DBFS = -72.0  # a quieter floor is taken as this: the last bits of a sample are noise


class Floor:
    """The noise floor of a microphone. It calls too much speech rather than too little."""

    def __init__(self) -> None:
        self._dbfs = 0.0
        self._heard_s = 0.0

    def is_quiet(self, dbfs: float, seconds: float) -> bool:
        """Whether the next so many seconds of audio, so loud on the mean, hold no speech."""
        self._dbfs = max(LOWEST_DBFS, min(dbfs, self._dbfs + RISE_DB_S * seconds))
        self._heard_s += seconds
        return self._heard_s > LEARNING_S and dbfs < self._dbfs + ABOVE_FLOOR_DB
