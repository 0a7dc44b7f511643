"""Which of several sound tracks is heard: the one that is asked for, else the default, else the first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from asrcli.core.errors import SourceError

# Languages are named by two letters (ISO 639-1), or by three (639-2), of which some have two forms.
_THREE = {
    "ar": ("ara",), "bn": ("ben",), "cs": ("ces", "cze"), "da": ("dan",), "de": ("deu", "ger"), "el": ("ell", "gre"),
    "en": ("eng",), "es": ("spa",), "fa": ("fas", "per"), "fi": ("fin",), "fil": ("fil",), "fr": ("fra", "fre"),
    "he": ("heb",), "hi": ("hin",), "hu": ("hun",), "id": ("ind",), "it": ("ita",), "ja": ("jpn",), "ko": ("kor",),
    "ms": ("msa", "may"), "nl": ("nld", "dut"), "no": ("nor",), "pl": ("pol",), "pt": ("por",), "ro": ("ron", "rum"),
    "ru": ("rus",), "sv": ("swe",), "th": ("tha",), "tr": ("tur",), "uk": ("ukr",), "vi": ("vie",), "yue": ("yue",),
    "zh": ("zho", "chi", "cmn"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """A sound track: its number from 1, its language as the file names it, and whether a decoder can read it."""

    number: int
    language: str = ""
    default: bool = False
    decodable: bool = True
    codec: str = ""

    def __str__(self) -> str:
        more = [part for part in (self.language, "default" if self.default else "") if part]
        return f"{self.number} ({', '.join(more)})" if more else str(self.number)


def choose_track(name: str, tracks: Sequence[SoundTrack], wanted: str | None) -> SoundTrack:
    """The track to be heard.

    Raises:
        SourceError: no sound, no such track, or none that can be decoded.
    """
    if not tracks:
        raise SourceError(name, "has no sound in it")
    if wanted is None:
        able = [track for track in tracks if track.decodable]
        if not able:
            raise SourceError(name, f"its sound cannot be decoded: {_unknown(tracks[0])}")
        return next((track for track in able if track.default), able[0])
    fitting = [track for track in tracks if _fits(track, wanted)]
    if not fitting:
        listed = ", ".join(map(str, tracks))
        raise SourceError(name, f"has no sound track {wanted}: there {'is' if len(tracks) == 1 else 'are'} {listed}")
    able = [track for track in fitting if track.decodable]
    if not able:
        raise SourceError(name, f"its sound track {wanted} cannot be decoded: {_unknown(fitting[0])}")
    return able[0]


def track_notice(name: str, tracks: Sequence[SoundTrack], chosen: SoundTrack, *, asked: bool) -> str:
    """What is to be said of a choice that nobody made; empty where there was none."""
    if asked or len(tracks) < 2:
        return ""
    listed = ", ".join(map(str, tracks))
    return f"{name}: has {len(tracks)} sound tracks: {listed}; {chosen.number} is heard, --track takes another"


def _fits(track: SoundTrack, wanted: str) -> bool:
    if wanted.isdecimal():
        return track.number == int(wanted)
    return _language(track.language) == _language(wanted)


def _language(name: str) -> str:
    base = name.lower().replace("_", "-").partition("-")[0]
    return next((two for two, threes in _THREE.items() if base in threes), base)


def _unknown(track: SoundTrack) -> str:
    return f"no decoder for {track.codec}" if track.codec else "no decoder knows it"
