"""Writes a transcript as one web page, which needs nothing but the audio that it refers to."""

import os
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from os.path import relpath
from pathlib import Path
from urllib.parse import quote

from asrcli.core.errors import AsrError, OutputError
from asrcli.core.events import Began, Ended, Event, Final, Gap, Resumed
from asrcli.core.transcript import Transcript
from asrcli.outputs.formatting import account
from asrcli.outputs.html import markup
from asrcli.outputs.html.heard_audio import AudioOf, HeardAudio
from asrcli.outputs.line_writer import LineWriter

SILENCE_MS = 3000  # a shorter time without speech is not shown
BEGIN = '<!doctype html>\n<html class="transcript">'


class TranscriptPage:
    """An output that writes a page. In a browser a click on a word plays it; without script it can be read.

    Args:
        lines: The file.
        audio_of: Finds the audio of a source.
        folder: Where the page will be: the addresses of audio files are relative to it.
    """

    def __init__(self, lines: LineWriter, audio_of: AudioOf, folder: Path) -> None:
        self._lines = lines
        self._audio_of = audio_of
        self._folder = folder
        self._audio: list[HeardAudio] = []
        self._playing: dict[str, tuple[int, HeardAudio]] = {}  # speaker -> number and audio of their source
        self._colours: dict[str, int] = {}  # speaker -> colour
        self._source = ""  # the last source that has a heading
        self._source_ms = 0  # where it begins
        self._spoken_until_ms: int | None = None
        self._account: list[str] = []

    def handle(self, event: Event, transcript: Transcript) -> None:
        """Write the part of an event, if its kind has one."""
        del transcript
        if isinstance(event, Began):
            self._begin(event)
        elif isinstance(event, Gap):
            self._follow(event)
            self._lines.write(markup.gap(event, self._places(event.speaker)))
        elif isinstance(event, Resumed):
            self._follow(event)
            self._lines.write(markup.stop(event))
        elif isinstance(event, Final) and event.text.strip():
            self._follow(event)
            colour = self._colours.setdefault(event.speaker, len(self._colours) % markup.SPEAKER_COLOURS)
            self._lines.write(markup.sentence(event, self._places(event.speaker), colour))
        elif isinstance(event, Ended):
            self._account = account(event)

    def close(self) -> None:
        """Write the audio and the end of the page, and close the file.

        Raises:
            OutputError: the audio cannot be put into the page, which is otherwise complete; or another error.
        """
        problem: OutputError | None = None
        with self._lines.closed_after():
            if self._source:
                self._lines.write("</main>\n<footer>")
                for line in self._account:
                    self._lines.write(f"<p>{markup.text_of(line)}</p>")
                self._lines.write("</footer>\n<div id=bar hidden>")
                for number, audio in enumerate(self._audio):
                    problem = self._write_audio(number, audio) or problem
                self._lines.write(f"</div>\n<script>{_asset('transcript.js')}</script>\n</html>")
        if problem is not None:
            raise problem

    def _begin(self, began: Began) -> None:
        name = Path(began.source).name or began.source
        if not self._source:
            self._lines.begin(_head(name))
            about = " · ".join(dict.fromkeys(filter(None, (began.model, began.engine))))
            self._lines.begin(f"<header><h1>{markup.text_of(name)}</h1><p>{markup.text_of(about)}</p>")
            self._lines.begin(f"{TOOLS}</header>\n<main>")
        elif began.source != self._source and began.begin_ms != self._source_ms:  # sources at once have labels instead
            self._lines.write(f'<h2 data-b="{began.begin_ms}">{markup.text_of(name)}</h2>')
        self._source, self._source_ms = began.source, began.begin_ms
        audio = self._audio_of(began)
        self._playing.pop(began.speaker, None)
        if audio is None:
            return
        at_ms = began.begin_ms
        for number, other in enumerate(self._audio):  # channels of one file share its audio
            if other.path == audio.path and other.file_ms(at_ms) == audio.file_ms(at_ms):
                self._playing[began.speaker] = (number, other)
                return
        self._playing[began.speaker] = (len(self._audio), audio)
        self._audio.append(audio)

    def _places(self, speaker: str) -> markup.Places:
        """Return a function that finds a moment of the run in the audio of a speaker."""
        playing = self._playing.get(speaker) or self._playing.get("")

        def place(ms: int) -> tuple[int, int] | None:
            if playing is None:
                return None
            number, audio = playing
            at_ms = audio.file_ms(ms)
            if at_ms >= 0:
                return (number, at_ms)
            return None

        return place

    def _follow(self, event: Final | Gap | Resumed) -> None:
        """Write how long nobody has spoken before this event."""
        before_ms = self._spoken_until_ms
        if before_ms is not None and event.begin_ms - before_ms >= SILENCE_MS:
            self._lines.write(markup.silence(before_ms, event.begin_ms))
        self._spoken_until_ms = max(before_ms or 0, event.end_ms)

    def _write_audio(self, number: int, audio: HeardAudio) -> OutputError | None:
        """Write an audio element; return what kept the audio out of the page, which then refers to the file."""
        name = markup.text_of(audio.path.name)
        address = markup.text_of(_address(audio.path, self._folder))
        problem = None
        if audio.opus is not None:
            try:
                pieces = iter(audio.opus())
                first = next(pieces, b"")  # what cannot be read is known before anything of it is written
                self._lines.write(f'<audio id="a{number}" title="{name}" controls src="data:audio/ogg;base64,')
                self._lines.write(_base64(first))
                for piece in pieces:
                    self._lines.write(_base64(piece))
                self._lines.write('"></audio>')
                return None
            except AsrError as exc:
                problem = OutputError(str(audio.path), f"cannot be put into the page: {exc}")
        self._lines.write(f'<audio id="a{number}" title="{name}" controls preload="metadata" src="{address}"></audio>')
        return problem


def _address(path: Path, folder: Path) -> str:
    """Return the address of a file relative to a folder; absolute where no relative one leads there."""
    try:
        relative = relpath(path.absolute(), folder.absolute())
    except ValueError:  # on another drive of Windows
        return path.absolute().as_uri()
    if path.drive:
        relative = relative.replace("\\", "/")
    return "./" + quote(os.fsencode(relative))  # the bytes of a name need not be valid text


def _base64(piece: bytes) -> str:
    return b64encode(piece).decode("ascii")


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _head(name: str) -> str:
    """Return the beginning of a page that may run and look as we wrote it, and load nothing but audio."""
    style, script = _asset("transcript.css"), _asset("transcript.js")
    hashes = [b64encode(sha256(text.encode()).digest()).decode("ascii") for text in (style, script)]
    policy = (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "media-src 'self' file: data:; base-uri 'none'; form-action 'none'"
    )
    return (
        f'{BEGIN}\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{markup.text_of(name)}</title>\n<style>{style}</style>"
    )


TOOLS = (
    '<form id="tools" hidden><input id="search" type="search" placeholder="Search" aria-label="Search the transcript">'
    '<output id="count"></output><label><input id="translated" type="checkbox" checked> translation</label></form>'
)
