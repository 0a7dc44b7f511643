"""Tells from its sound alone whether audio can be speech. Pure.

Speech changes the shape of its spectrum all the time, and goes through many shapes. Tones, beeps and instruments keep
theirs for as long as a note lasts; noise always has the same one. Audio is looked at twice, as it is and with its high
part raised: what hides speech in one view (a hum, a hiss) hides it less in the other. And speech has a voice
(voice_pitch.py), which the sounds of drums, hands, keys, wind and water have not; whispered speech has none either. The
limits lie between 13 recordings of speech, with noise as loud as themselves too, and 145 other sounds.
"""

import array
import math
import statistics
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import mul

from asrcli.core.dataclass import dataclass
from asrcli.recognizers.endpointing import FRAME_MS
from asrcli.recognizers.voice_pitch import pitch_hz

LAGS = 5  # correlations that describe a spectrum
RAISED = 0.95
VIEWS = (0.0, RAISED)
VOICED_FRAMES = 5  # fewer are no word
LEVEL_SPREAD_DB = 1.0  # between frames; speech has 6, in noise as loud as itself 2.5; tones and steady noise have 0.3
LOUD_DB = 25.0  # a frame is loud that is less than this below the loudest one
WINDOW = 32  # loud frames that are judged together: in one of these windows there must be speech
STEP = 8
SHORT_FRAMES = 1000 // FRAME_MS  # less may be a single vowel
STILL_PART = 0.3  # this many frames may be as the ones before them: a vowel; of beeps there are more
# How far shapes are apart in a window, times how much the shape changes from one frame to the next.
LIVELY = 0.05  # speech has 0.12 and more, under noise as loud as itself 0.07; tones and music have up to 0.03
SURELY_LIVELY = 0.08
VERY_LIVELY = 0.15
VOWEL = (0.02, 0.09)  # the change alone, of a single vowel; tones have up to 0.01, noise more than 0.1
TRANSITIONS = 3  # fewer say nothing
# A voice moves: from one frame to the next its pitch changes a little, and the shape too. Notes do one of the two.
PITCH_CHANGE = (0.01, 0.15)  # of the logarithm
SHAPE_CHANGE = 0.1
VOICE_WINDOW = 64  # loud frames
VOICE_MOVES = (7, 5)  # this many in such a window, while it goes on and at its end; music with drums seldom has them
MANY_MOVES = 9  # it never has as many; fewer must be one in this many loud frames:
SELDOM = 32
# For less audio, one move is required in this many loud frames: while it goes on, and at its end.
FRAMES_A_MOVE = (16, 24)
VOWEL_FRAMES = 4  # a short word may have none: then this many frames in a row have a pitch
EARLY_FRAMES = 480 // FRAME_MS  # of voice: of so little, fewer frames with a pitch make it worth a reading
EARLY_PITCHED = 2
# The pitch of a note stays, and that of a voice drifts: of its frames at most 0.6 are as the ones before.
STILL_PITCH = 0.004  # of the logarithm
STILL_SHARE = 0.8
STILL_PAIRS = 8  # of frames; fewer are no proof while there are moves
STILL_VOWEL_PAIRS = 4  # where there are none
CLEAR_MOVES = 4  # this many at the beginning tell a voice from whatever is lively enough to be one


@dataclass(frozen=True, slots=True)
class SpectrumView:
    """A frame as it is, or with its high part raised: its level, and its correlations with itself from -1 to 1."""

    level_db: float
    shape: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What is known of a frame of audio.

    Attributes:
        voiced: There is speech in it, as a detector says.
        views: One for each of VIEWS; empty if the frame is not voiced.
        pitch_hz: The pitch of a voice; 0 if there is none.
    """

    voiced: bool
    views: tuple[SpectrumView, ...] = ()
    pitch_hz: float = 0.0


def frame_facts(frame: bytes, *, voiced: bool) -> FrameFacts:
    """Return the facts of a frame of 16-bit samples."""
    if not voiced:
        return FrameFacts(False)
    samples = array.array("h", frame)
    if sys.byteorder == "big":
        samples.byteswap()
    mean = sum(samples) / len(samples)  # a cheap sound card adds a constant
    level = [sample - mean for sample in samples]
    raised = [after - RAISED * before for before, after in pairwise(level)]
    return FrameFacts(True, (_view(level), _view(raised)), pitch_hz(level))


def can_be_speech(frames: Sequence[FrameFacts], *, final: bool) -> bool:
    """Return whether there is speech in audio, as far as its sound tells.

    Args:
        frames: The audio.
        final: It ends here. Of audio that may go on, doubtful sound is no speech yet.
    """
    voice = [frame.views[0].level_db for frame in frames if frame.voiced]
    if len(voice) < VOICED_FRAMES or statistics.pstdev(voice) < LEVEL_SPREAD_DB:
        return False
    if not _has_voice(frames, final=final):
        return False
    alone = final and not frames[0].voiced  # what follows a cut in one sound is no word by itself
    lively = SURELY_LIVELY
    if final:
        lively = LIVELY
    for view in range(len(VIEWS)):
        loud = _loud(frames, view)
        is_short = sum(shape is not None for shape in loud) < SHORT_FRAMES
        if alone and is_short and VOWEL[0] <= _change(_changes(loud)) <= VOWEL[1]:
            return True
        if any(value >= lively for value in _liveliness(loud)):
            return True
    return False


def may_become_speech(frames: Sequence[FrameFacts]) -> bool:
    """Return whether a beginning that is no speech yet is worth reading, if other signs of speech are asked for too.

    It has a voice that moves much, or it is very lively and has any pitch: a first vowel may last longer than a quarter
    of a second, and its voice does not move.
    """
    voice = [frame.views[0].level_db for frame in frames if frame.voiced]
    if not VOICED_FRAMES <= len(voice) <= SHORT_FRAMES or statistics.pstdev(voice) < LEVEL_SPREAD_DB:
        return False
    if _is_note(frames, STILL_VOWEL_PAIRS):
        return False
    pitched = VOWEL_FRAMES
    if len(voice) <= EARLY_FRAMES:
        pitched = EARLY_PITCHED
    limits = []
    if _longest_pitch(frames) >= pitched:
        limits.append(VERY_LIVELY)
    if sum(1 for _ in _voice_moves(frames, _loud(frames, 1))) >= CLEAR_MOVES:
        limits.append(LIVELY)
    if not limits:
        return False
    return any(value >= min(limits) for view in range(len(VIEWS)) for value in _liveliness(_loud(frames, view)))


def _has_voice(frames: Sequence[FrameFacts], *, final: bool) -> bool:
    """Return whether somebody's voice is in audio; music and noise have none, or what comes near it by chance."""
    shapes = _loud(frames, 1)
    loud = [number for number, shape in enumerate(shapes) if shape is not None]
    moves = [bisect_left(loud, number) for number in _voice_moves(frames, shapes)]  # counted in loud frames
    if final and not moves and len(loud) < SHORT_FRAMES:
        return _longest_pitch(frames) >= VOWEL_FRAMES and not _is_note(frames, STILL_VOWEL_PAIRS)
    needed = max(1, min(VOICE_MOVES[final], len(loud) // FRAMES_A_MOVE[final]))
    if len(moves) * SELDOM < len(loud):
        needed = MANY_MOVES
    for before, after in zip(moves, moves[needed - 1 :], strict=False):
        around = loud[max(0, before - VOICE_WINDOW // 2) : before + VOICE_WINDOW // 2]
        if after - before < VOICE_WINDOW and not _is_note(frames[around[0] : around[-1] + 1]):
            return True
    return False


def _is_note(frames: Sequence[FrameFacts], pairs: int = STILL_PAIRS) -> bool:
    """Return whether nearly all frames have the pitch of the ones before; False where fewer than `pairs` are known."""
    changes = [
        abs(math.log(after.pitch_hz / before.pitch_hz))
        for before, after in pairwise(frames)
        if before.pitch_hz and after.pitch_hz
    ]
    drifting = [change for change in changes if change < PITCH_CHANGE[1]]  # a larger one is another note
    still = sum(change < STILL_PITCH for change in drifting)
    return len(drifting) >= pairs and still > STILL_SHARE * len(drifting)


def _voice_moves(frames: Sequence[FrameFacts], shapes: "Shapes") -> Iterator[int]:
    """Yield the numbers of loud frames whose pitch and shape differ a little from those of the frame before."""
    for number, change in _changes(shapes):
        before, after = frames[number - 1].pitch_hz, frames[number].pitch_hz
        pitch_change = abs(math.log(after / before)) if before and after else 0.0
        if change > SHAPE_CHANGE and PITCH_CHANGE[0] < pitch_change < PITCH_CHANGE[1]:
            yield number


def _longest_pitch(frames: Sequence[FrameFacts]) -> int:
    """Return how many frames in a row have a pitch."""
    return max(len(list(run)) if has_pitch else 0 for has_pitch, run in groupby(bool(f.pitch_hz) for f in frames))


def _view(samples: Sequence[float]) -> SpectrumView:
    power = max(sum(map(mul, samples, samples)), 1.0)
    shape = tuple(sum(map(mul, samples, samples[lag:])) / power for lag in range(1, LAGS + 1))
    return SpectrumView(10 * math.log10(power / len(samples)), shape)


Shapes = Sequence[tuple[float, ...] | None]


def _loud(frames: Sequence[FrameFacts], view: int) -> Shapes:
    """Return the shapes of loud frames, and None for each of the others."""
    limit = max(frame.views[view].level_db for frame in frames if frame.voiced) - LOUD_DB
    return [
        frame.views[view].shape if frame.voiced and frame.views[view].level_db > limit else None for frame in frames
    ]


def _changes(shapes: Shapes) -> list[tuple[int, float]]:
    """Return by how much the shape changes from one loud frame to the next, with the number of the second one."""
    return [
        (number, math.dist(before, after))
        for number, (before, after) in enumerate(pairwise(shapes), 1)
        if before is not None and after is not None
    ]


def _change(changes: Sequence[tuple[int, float]]) -> float:
    """Return the change that all but the stillest frames have; 0 if too few are known."""
    if len(changes) < TRANSITIONS:
        return 0.0
    return sorted(change for _, change in changes)[int(STILL_PART * len(changes))]


def _liveliness(shapes: Shapes) -> Iterator[float]:
    """Yield for each window how lively it is."""
    loud = [(number, shape) for number, shape in enumerate(shapes) if shape is not None]
    changes = _changes(shapes)
    numbers = [number for number, _ in changes]
    for begin in range(0, max(1, len(loud) - WINDOW + 1), STEP):
        window = loud[begin : begin + WINDOW]
        inside = slice(bisect_right(numbers, window[0][0]), bisect_right(numbers, window[-1][0]))
        yield _spread([shape for _, shape in window]) * _change(changes[inside])


def _spread(shapes: Sequence[tuple[float, ...]]) -> float:
    """Return how far shapes are from their mean."""
    variance = 0.0
    for values in zip(*shapes, strict=True):
        mean = sum(values) / len(values)
        variance += sum(map(mul, values, values)) / len(values) - mean * mean
    return math.sqrt(max(variance, 0.0))
