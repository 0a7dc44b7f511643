"""Journal sessions for tests: written to disk by the real writer from given audio and events."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from asrcli.cli.builders.journal_keeping import open_journal
from asrcli.cli.builders.sessions import resume_outputs
from asrcli.cli.options.values import TimestampStyle
from asrcli.core.audio import Chunk, Format
from asrcli.core.errors import AsrError
from asrcli.core.events import Began, Event, Final, Gap
from asrcli.core.interfaces import LiveInput
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.journal.audit import audit
from asrcli.journal.directory import state
from asrcli.journal.records import JournalHeader
from asrcli.journal.source import JournalSource
from asrcli.journal.writing import JournalWriter
from tests.support.tone import tone

RATE = Format(16000)
HEADER = JournalHeader(
    "2026-11-24T23:05:01+01:00", RecognitionSettings("fun-asr-realtime"), (), "wss://me:pass@there/x?key=1", {}
)


class Given:
    """A source of given items."""

    name, audio_format, begin_ms, duration_ms, format, realtime = "given", "pcm", 0, None, RATE, False
    live: LiveInput | None = None

    def __init__(self, items: Iterable[Chunk | Event], speaker: str = "") -> None:
        self._items, self.speaker = items, speaker

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """Yield the items unchanged."""
        del start
        yield from self._items


def spoken(begin_ms: int, end_ms: int, *, cut_after: bool = False) -> Iterator[Chunk]:
    """Chunks of 100 ms, each of another tone; the last one ends the sentence, if wanted."""
    for at in range(begin_ms, end_ms, 100):
        yield Chunk(RATE.samples(at), tone(100, hertz=200 + at / 10), cut_after=cut_after and at + 100 >= end_ms)


def final(begin_ms: int, end_ms: int, text: str = "well") -> Final:
    """Return a final."""
    return Final(str(begin_ms), begin_ms, end_ms, text)


def began(begin_ms: int = 0, speaker: str = "") -> Began:
    """Return the event for the moment when a service is ready."""
    return Began("given", "fun-asr-realtime", "task", begin_ms, speaker=speaker)


def session(
    folder: Path,
    items: Iterable[Chunk | Event],
    events: Sequence[Event] = (),
    name: str = "20261124-230501-a1b2",
    header: JournalHeader = HEADER,
) -> Path:
    """A session in a folder: the audio is captured first, then the events are heard."""
    writing = JournalWriter()
    source = writing.kept(Given(items))
    writing.open(folder, lambda: name, header, lambda: None)
    assert writing.path is not None
    list(source.chunks(0))
    hear(writing.recorder, events)
    path = writing.path
    assert writing.close() == []
    return path


def hear(recorder: object, events: Iterable[Event]) -> None:
    """Pass events to a recorder, as a run does."""
    transcript = Transcript()
    for event in events:
        transcript = fold(transcript, event)
        recorder.handle(event, transcript)  # type: ignore[attr-defined]


def gap(begin_ms: int, end_ms: int, reason: str = "gone") -> Gap:
    """Return a gap."""
    return Gap(begin_ms, end_ms, reason)


def use_session(path: Path) -> None:
    """Do everything with a session that commands do before they ask a question; an AsrError may refuse it."""
    state(path)
    try:
        journal = open_journal(path)
        audit(journal).line()
        for track in journal.tracks:
            begin = journal.resume_at(track)
            if begin is not None:
                for _ in JournalSource(journal, track, begin).chunks(begin):
                    pass
        resume_outputs._since_ms(journal, TimestampStyle.CLOCK)
        if not resume_outputs.paths(journal):
            resume_outputs._output_builders(journal, 0)
    except AsrError as exc:
        assert str(exc)  # noqa: PT017  either is right
