"""Separates speech from quiet by loudness alone, with a noise floor that follows the room. Works on levels."""

LEARNING_S = 1.0  # during this first time nothing counts as quiet
RISE_DB_S = 1.0  # how fast the floor rises when the room gets louder; it falls at once
SILENT_DBFS = -70.0  # only the last bits of a sample: no working microphone is that quiet
SILENT_S = 5.0  # a microphone that is silent for this time does not work
ADVICE = "muted, not allowed, or the wrong device? asr devices lists them"
ABOVE_FLOOR_DB = 6.0  # a level this much above the floor may be speech
LOWEST_DBFS = -72.0  # the lowest floor: the last bits of a sample are noise


class NoiseFloor:
    """The noise floor of a microphone. In doubt it decides for speech."""

    def __init__(self) -> None:
        self._dbfs = 0.0
        self._measured_s = 0.0

    def is_quiet(self, dbfs: float, seconds: float) -> bool:
        """Take the mean level of the next piece of audio and its length; return whether it holds no speech."""
        self._dbfs = max(LOWEST_DBFS, min(dbfs, self._dbfs + RISE_DB_S * seconds))
        self._measured_s += seconds
        return self._measured_s > LEARNING_S and dbfs < self._dbfs + ABOVE_FLOOR_DB


class SilenceAlarm:
    """Detects a microphone that gives only silence. After each alarm the next one takes twice as long."""

    def __init__(self) -> None:
        self._silent_s = 0.0
        self._due_s = SILENT_S
        self._reported = False  # whether this silence was reported

    def due(self, peak_dbfs: float, seconds: float) -> float:
        """Take the peak and the length of a piece of audio. Return the seconds of silence if an alarm is due, or 0."""
        if peak_dbfs >= SILENT_DBFS:
            self._silent_s = 0.0
            self._reported = False
            return 0.0
        self._silent_s += seconds
        if self._reported or self._silent_s + 1e-6 < self._due_s:
            return 0.0
        self._reported = True
        self._due_s *= 2
        return self._silent_s
