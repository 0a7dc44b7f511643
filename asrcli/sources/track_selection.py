"""Selects a sound track: the one that the user asked for, else the default one, else the first. Pure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import SourceError
from asrcli.sources.decoding_errors import DECODER_ERRORS

if TYPE_CHECKING:
    from av import AudioCodecContext, AudioStream

# Codes of languages: two letters (ISO 639-1), and three letters (639-2), which for some languages have two forms.
_THREE_LETTERS = {
    "ar": ("ara",), "bn": ("ben",), "cs": ("ces", "cze"), "da": ("dan",), "de": ("deu", "ger"), "el": ("ell", "gre"),
    "en": ("eng",), "es": ("spa",), "fa": ("fas", "per"), "fi": ("fin",), "fil": ("fil",), "fr": ("fra", "fre"),
    "he": ("heb",), "hi": ("hin",), "hu": ("hun",), "id": ("ind",), "it": ("ita",), "ja": ("jpn",), "ko": ("kor",),
    "ms": ("msa", "may"), "nl": ("nld", "dut"), "no": ("nor",), "pl": ("pol",), "pt": ("por",), "ro": ("ron", "rum"),
    "ru": ("rus",), "sv": ("swe",), "th": ("tha",), "tr": ("tur",), "uk": ("ukr",), "vi": ("vie",), "yue": ("yue",),
    "zh": ("zho", "chi", "cmn"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """A sound track of a file.

    Attributes:
        number: Counted from 1.
        language: As the file names it; may be empty.
        default: Whether the file marks it as the default.
        decodable: Whether a decoder can read it.
        codec: Name of its codec; may be empty.
    """

    number: int
    language: str = ""
    default: bool = False
    decodable: bool = True
    codec: str = ""

    def __str__(self) -> str:
        details = []
        if self.language:
            details.append(self.language)
        if self.default:
            details.append("default")
        if not details:
            return str(self.number)
        return f"{self.number} ({', '.join(details)})"


def describe_track(number: int, stream: "AudioStream") -> SoundTrack:
    """Describe the sound track of an open container; `number` counts from 1."""
    context = cast("AudioCodecContext | None", stream.codec_context)  # None if no decoder knows the codec
    default = bool(stream.disposition.value & 1)
    return SoundTrack(number, stream.language or "", default, context is not None, _tag(stream))


def _tag(stream: "AudioStream") -> str:
    """Return the name of the codec; if no decoder knows it, the tag in the container."""
    try:
        if stream.codec_context:
            return stream.codec_context.codec.canonical_name
        return str(stream.codec_tag).strip("\0 ")
    except DECODER_ERRORS:
        return ""


def choose_track(name: str, tracks: Sequence[SoundTrack], wanted: str | None) -> SoundTrack:
    """Return the track to transcribe; `wanted` is a number or a language, None is the default.

    Raises:
        SourceError: there is no sound, no such track, or none that can be decoded.
    """
    if not tracks:
        raise SourceError(name, "contains no audio track")
    if wanted is None:
        decodable = [track for track in tracks if track.decodable]
        if not decodable:
            raise SourceError(name, f"its audio cannot be decoded: {_unknown(tracks[0])}")
        return next((track for track in decodable if track.default), decodable[0])
    fitting = [track for track in tracks if _fits(track, wanted)]
    if not fitting:
        listed = ", ".join(map(str, tracks))
        if len(tracks) == 1:
            raise SourceError(name, f"has no audio track {wanted}: there is {listed}")
        raise SourceError(name, f"has no audio track {wanted}: there are {listed}")
    decodable = [track for track in fitting if track.decodable]
    if not decodable:
        raise SourceError(name, f"its audio track {wanted} cannot be decoded: {_unknown(fitting[0])}")
    return decodable[0]


def check_only_track(name: str, wanted: str | None) -> None:
    """Check that a track is wanted which a format without tracks has: the first one.

    Raises:
        SourceError: another one is wanted.
    """
    choose_track(name, [SoundTrack(1)], wanted)


def track_notice(name: str, tracks: Sequence[SoundTrack], chosen: SoundTrack, *, by_user: bool) -> str:
    """Return a notice if a track was chosen among several and not `by_user`, else an empty string."""
    if by_user or len(tracks) < 2:
        return ""
    listed = ", ".join(map(str, tracks))
    return f"{name}: has {len(tracks)} sound tracks: {listed}; {chosen.number} is heard, --track takes another"


def _fits(track: SoundTrack, wanted: str) -> bool:
    if wanted.isdecimal():
        return track.number == int(wanted)
    return _language(track.language) == _language(wanted)


def _language(name: str) -> str:
    base = name.lower().replace("_", "-").partition("-")[0]
    return next((two for two, threes in _THREE_LETTERS.items() if base in threes), base)


def _unknown(track: SoundTrack) -> str:
    if not track.codec:
        return "no decoder knows it"
    return f"no decoder for {track.codec}"


def check_channel(name: str, channel: int | None, channels: int) -> None:
    """Check that an input has a channel, counted from 0; None needs no check, nor does an unknown number of channels.

    Raises:
        SourceError: it does not.
    """
    if channel is not None and 0 < channels <= channel:
        raise SourceError(name, f"has {channels} channel{'s' * (channels > 1)}, not {channel + 1}")
