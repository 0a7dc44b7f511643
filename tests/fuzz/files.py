"""Fuzz targets: files that users name: headers of recordings, hot-word lists and scripts of the local server."""

import io
import struct
from contextlib import suppress

from asrcli.core.errors import AsrError, UsageError
from asrcli.dashscope.hotwords import check_hotwords, limits_of, parse_hotwords
from asrcli.protocol.raw_exchange import parsed
from asrcli.recognizers import scripted, scripted_answers
from asrcli.server.faults import script
from asrcli.sources import unknown_length
from asrcli.sources.exact_reader import reader
from asrcli.sources.wav import examine_end, header, length
from tests.fuzz.mutation import Target


def waves(data: bytes) -> None:
    """A header, what lies after the samples, and where they end."""
    with suppress(AsrError):
        found = header(reader(io.BytesIO(data)))
        if found is not None:
            found.demuxer, found.ms(len(data)), found.can_be_sent_unchanged(16000)
    with suppress(AsrError):
        examine_end(reader(io.BytesIO(data)))
    with suppress(AsrError):
        length(io.BytesIO(data), len(data))


def unknown_lengths(data: bytes) -> None:
    """A header of AIFF, Wave64 or AU, in a file and in a pipe."""
    file = io.BytesIO(data)
    for found in (unknown_length.header(reader(io.BytesIO(data))), unknown_length.header(reader(file), file)):
        if found is not None:
            found.demuxer, found.ms(len(data))
    unknown_length.length(io.BytesIO(data), len(data))


def hot_words(data: bytes) -> None:
    """A list, and the limits of each kind of model."""
    with suppress(AsrError):
        words = parse_hotwords(data.decode("utf-8", "replace"))
        for model in ("fun-asr-realtime", "qwen-audio-3.1-asr-flash-streaming", "unknown"):
            with suppress(AsrError):
                check_hotwords(words, limits_of(model))


def scripts(data: bytes) -> None:
    """The files of `asr serve`: results, answers and faults; and the first messages of `asr ws-raw`."""
    lines = data.decode("utf-8", "replace").split("\n")
    for read in (
        scripted.parse,
        scripted_answers.parse_answers,
        script.parse_script,
        lambda lines: parsed("--first", "\n".join(lines)),
    ):
        with suppress(UsageError):
            read(lines)


def recordings() -> list[bytes]:
    """Headers as they should be."""
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16000, 32000, 2, 16)
    longer = b"fmt " + struct.pack("<IHHIIHHHHI", 40, 0xFFFE, 2, 48000, 384000, 8, 32, 22, 32, 3) + b"\x03" + bytes(15)
    samples = b"data" + struct.pack("<I", 8) + b"abcdefgh"
    found = [
        b"RIFF\0\0\0\0WAVE" + each + b"LIST\x04\0\0\0INFO" + samples + b"id3 \x04\0\0\0tags" for each in (form, longer)
    ]
    wide = (
        b"RF64\xff\xff\xff\xffWAVEds64"
        + struct.pack("<IQQQI", 28, 99, 8, 4, 0)
        + form
        + b"data\xff\xff\xff\xffabcdefgh"
    )
    return [*found, wide, found[0] * 2]


def other_recordings() -> list[bytes]:
    """Headers without a length, as programs write them into pipes."""
    common = b"COMM" + struct.pack(">IhIhHQ", 18, 1, 0, 16, 0x400C, 0xFA << 56)
    compressed = b"COMM" + struct.pack(">IhIhHQ4s2s", 24, 2, 0, 16, 0x400E, 0xBB80 << 48, b"sowt", b"\0\0")
    samples = b"SSND" + struct.pack(">III", 0, 0, 0) + b"abcdefgh"
    guid = b"\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a"
    form = b"fmt " + guid + struct.pack("<QHHIIHH", 40, 1, 1, 16000, 32000, 2, 16)
    return [
        b"FORM\0\0\0\0AIFF" + common + samples,
        b"FORM\xff\xff\xff\xffAIFC" + compressed + samples.replace(bytes(4), b"\xff" * 4, 1),
        b".snd" + struct.pack(">IIIII", 28, 0, 3, 16000, 1) + b"textabcdefgh",
        unknown_length.W64 + bytes(8) + b"wave" + guid + form + b"data" + guid + bytes(8) + b"abcdefgh",
    ]


def lists() -> list[bytes]:
    """Hot words in each form."""
    words = ("Kubernetes:5,梯度下降:4\n# no\n", "a\t4\ten\nb\t\t\n", '[{"text": "a", "weight": 4, "lang": "en"}]')
    return [text.encode() for text in (*words, '{"a": 4}')]


def written() -> list[bytes]:
    """A line of each."""
    return [
        b'{"begin_ms": 0, "end_ms": 900, "partials": ["a"], "text": "a b", "translation": {"fr": "c"}}\n',
        b'{"text": "a", "translation": {"zh": "b"}, "answer": "c"}\n',
        b'{"connection": 2, "after_bytes": 32000, "do": "cut"}\n{"do": "refuse", "status": 503, "retry_after": 1}\n',
    ]


TARGETS: dict[str, Target] = {
    "wav-headers": (waves, recordings),
    "unknown-lengths": (unknown_lengths, other_recordings),
    "hot-words": (hot_words, lists),
    "scripts": (scripts, written),
}
