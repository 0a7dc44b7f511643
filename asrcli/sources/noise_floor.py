"""Speech against quiet by loudness alone, with a noise floor that follows the room. Numbers only, no audio."""

LEARNING_S = 1.0  # before this nothing is called quiet
RISE_DB_S = 1.0  # the floor follows a room that gets louder this fast, and one that gets quieter at once
SILENT_DBFS = -70.0  # nothing but the last bits: no microphone is that quiet
DEAF_S = 5.0  # a microphone that is so quiet for so long hears nothing
ADVICE = "muted, not allowed, or the wrong device? asr devices lists them"
ABOVE_FLOOR_DB = 6.0  # what stands out by so much may be speech
LOWEST_DBFS = -72.0  # a quieter floor is taken as this: the last bits of a sample are noise


class NoiseFloor:
    """The noise floor of a microphone. It calls too much speech rather than too little."""

    def __init__(self) -> None:
        self._dbfs = 0.0
        self._heard_s = 0.0

    def is_quiet(self, dbfs: float, seconds: float) -> bool:
        """Whether the next so many seconds of audio, so loud on the mean, hold no speech."""
        self._dbfs = max(LOWEST_DBFS, min(dbfs, self._dbfs + RISE_DB_S * seconds))
        self._heard_s += seconds
        return self._heard_s > LEARNING_S and dbfs < self._dbfs + ABOVE_FLOOR_DB


class SilenceAlarm:
    """Notices a microphone that hears nothing. Each time it is told, the next time takes twice as long."""

    def __init__(self) -> None:
        self._silent_s = 0.0
        self._due_s = DEAF_S
        self._told = False  # of this silence

    def due(self, peak_dbfs: float, seconds: float) -> float:
        """Take so many seconds of audio with this peak: how long it has been silent, if that is to be told now."""
        if peak_dbfs >= SILENT_DBFS:
            self._silent_s, self._told = 0.0, False
            return 0.0
        self._silent_s += seconds
        if self._told or self._silent_s + 1e-6 < self._due_s:
            return 0.0
        self._told, self._due_s = True, self._due_s * 2
        return self._silent_s
