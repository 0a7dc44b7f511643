"""What was written to a journal is read back, however it was cut short, and audio without text is found."""

import json
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.audio import Chunk
from asrcli.core.errors import SourceError, bare_url
from asrcli.core.events import Ended, Event, Final, Gap, Notice, Paused, Resumed
from asrcli.core.settings import RecognitionSettings
from asrcli.core.transcript import Transcript, fold
from asrcli.journal.continued_outputs import ContinuedOutput
from asrcli.journal.reading import Journal
from asrcli.journal.records import EVENTS, JournalHeader, JournalSourceInfo, described, line
from asrcli.journal.records import final as read_final
from asrcli.journal.records import header as read_header
from asrcli.journal.source import JournalSource
from tests.support.journals import RATE, began, final, gap, session, spoken
from tests.support.listener import Listener

PAUSE = Resumed(1000, 5000)
ENDED = Ended(2000, 2000, 0, 1, 0, None, None, None, 2000)
TALK: list[Chunk | Event] = [
    *spoken(0, 1000),
    Paused(1000),
    PAUSE,
    *spoken(5000, 6000, cut_after=True),
    *spoken(6000, 7000),
]


def talk(folder: Path, *events: Event) -> Path:
    """A second of speech, a pause of four, and two seconds more."""
    return session(folder, TALK, [began(), *events])


def captured(journal: Journal) -> list[Chunk]:
    """All audio of the first source."""
    track = journal.tracks[0]
    return list(track.chunks(0, track.end))


def test_what_is_captured_and_said_is_read_back(tmp_path: Path) -> None:
    """The same samples in the same places, sentences with numbers and times, pauses, gaps and cuts."""
    journal = Journal.open(talk(tmp_path, final(100, 900, "one"), final(5100, 5900, "二"), gap(6000, 6100)))
    assert [(each.number, each.final.text, each.final.end_ms) for each in journal.sentences] == [
        (1, "one", 900),
        (2, "二", 5900),
    ]
    assert (journal.gaps, journal.tracks[0].marks, journal.damages) == ([gap(6000, 6100)], (PAUSE,), [])
    assert journal.tracks[0].cuts == (RATE.samples(6000),)
    expected = [item for item in TALK if isinstance(item, Chunk)]
    assert captured(journal) == expected
    assert (journal.captured_ms, journal.highest) == (7000, 2)


def test_it_is_private_and_holds_no_secret(tmp_path: Path) -> None:
    """Folder 0700, files 0600; of an address neither user nor query."""
    path = talk(tmp_path / "not" / "there" / "yet")
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o600}
    assert Journal.open(path).header.service == "wss://there/x"
    text = (path / EVENTS).read_text()
    assert "pass" not in text
    assert "key=1" not in text
    assert bare_url("ws://u:p@[::1]:80/a/b?c#d") == "ws://[::1]:80/a/b"


def test_for_which_workspace_it_was_is_kept() -> None:
    """Where the address does not say it; an older journal says nothing of it."""
    said = JournalHeader(
        "2026-11-24T23:05:00+01:00", RecognitionSettings("m"), (JournalSourceInfo("mic"),), "wss://h", {}, "ws-1"
    )
    first = json.loads(said.line())
    assert read_header("j", first) == said
    del first["workspace"]
    assert read_header("j", first) == replace(said, workspace="")


def test_a_session_without_audio_leaves_nothing(tmp_path: Path) -> None:
    """A device that never opened is no session."""
    session(tmp_path, [Notice("info", "hello")])
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of which tests take copies."""
    folder = tmp_path_factory.mktemp("whole")
    return talk(folder, final(100, 900, "eins"), gap(950, 1000), final(5100, 5900, "zwei und ü"))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from([EVENTS, "0.index", "0.pcm"]), part=st.floats(0, 1))
def test_any_file_cut_anywhere_still_reads_a_prefix(whole: Path, name: str, part: float) -> None:
    """A power cut may leave any beginning of any file: what is read is a beginning of what was written."""
    with TemporaryDirectory() as folder:
        path = Path(shutil.copytree(whole, Path(folder) / "s"))
        data = (path / name).read_bytes()
        (path / name).write_bytes(data[: round(len(data) * part)])
        before = Journal.open(whole)
        if name == EVENTS and b"\n" not in (path / name).read_bytes():
            with pytest.raises(SourceError, match="no journal: its first line is incomplete"):
                Journal.open(path)
            return
        journal = Journal.open(path)
        assert journal.sentences == before.sentences[: len(journal.sentences)]
        assert journal.gaps == before.gaps[: len(journal.gaps)]
        pcm, all_pcm = pieces(journal), pieces(before)
        assert pcm == {position: all_pcm[position] for position in sorted(all_pcm)[: len(pcm)]} or name == "0.index"
        if name == "0.pcm":
            assert len(pcm) == len((path / name).read_bytes()) // 2
        if name != "0.index":
            assert journal.damages == []


def pieces(journal: Journal) -> dict[int, bytes]:
    """Position -> sample."""
    chunks = captured(journal)
    return {chunk.position + n: chunk.pcm[2 * n : 2 * n + 2] for chunk in chunks for n in range(chunk.samples)}


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from([EVENTS, "0.index"]), part=st.floats(0, 1), junk=st.binary(max_size=20))
def test_junk_in_the_middle_is_said_and_passed_over(whole: Path, name: str, part: float, junk: bytes) -> None:
    """Nothing but an error of ours in one line, or what is left."""
    with TemporaryDirectory() as folder:
        path = Path(shutil.copytree(whole, Path(folder) / "s"))
        data = (path / name).read_bytes()
        at = round(len(data) * part)
        (path / name).write_bytes(data[:at] + junk + data[at + len(junk) :])
        try:
            journal = Journal.open(path)
        except SourceError as exc:
            assert "no journal" in str(exc) or "newer" in str(exc)  # noqa: PT017  either is right
            return
        assert len(captured(journal)) <= 30
        list(map(journal.resume_at, journal.tracks))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda first: first | {"version": 2}, "made by a newer asr (journal version 2, this one reads 1)"),
        (lambda first: first | {"type": "x"}, "no journal: its first line is incomplete"),
        (lambda first: first | {"sources": []}, "no journal: its first line has no settings"),
        (
            lambda first: first | {"asked": {"rate": 16000}},
            "no journal: its first line has no settings",
        ),
        (lambda first: first | {"asked": first["asked"] | {"new": 1}, "more": 2}, ""),
    ],
)
def test_a_header_that_cannot_be_read_is_one_line_and_unknown_fields_are_passed_over(
    whole: Path, tmp_path: Path, change: Callable[[object], object], problem: str
) -> None:
    """One line for what cannot be read; fields that are not known are passed over."""
    path = Path(shutil.copytree(whole, tmp_path / "s"))
    first, rest = (path / EVENTS).read_text().split("\n", 1)
    (path / EVENTS).write_text(json.dumps(change(json.loads(first))) + "\n" + rest)
    if not problem:
        assert Journal.open(path).header == Journal.open(whole).header
        return
    with pytest.raises(SourceError) as told:
        Journal.open(path)
    assert str(told.value).startswith(f"s: {problem}")
    assert "newer" in problem or getattr(told.value, "audio", "") == f"{path}/0.pcm"


def guessed(begin_ms: int, end_ms: int) -> Final:
    """A sentence whose end the service has left out."""
    return replace(final(begin_ms, end_ms), sure_ms=begin_ms)


@pytest.mark.parametrize(
    ("events", "unheard", "resume_ms"),
    [
        ([], [(0, 7000)], 0),
        ([final(100, 600)], [(600, 7000)], 600),  # there is no quiet before it
        ([final(100, 900), final(5050, 5900)], [(5900, 7000)], 5900),
        ([final(100, 1000)], [(1000, 7000)], 5000),  # after the pause
        ([final(100, 900), ENDED], [], None),  # ended normally: what follows the last final is silence
        ([final(100, 600), gap(600, 7000), ENDED], [(600, 1000), (5000, 7000)], 600),
        ([final(100, 600), gap(200, 300), final(5050, 7000), ENDED], [], None),
        ([final(100, 900), guessed(5050, 6900)], [(5050, 7000)], 5050),  # it may have ended earlier
        ([final(100, 900), guessed(5050, 6900), ENDED], [], None),
        ([final(100, 9000)], [], None),  # text for audio that was never captured
    ],
)
def test_audio_after_the_last_final_has_no_text_yet(
    tmp_path: Path, events: list[Event], unheard: list[tuple[int, int]], resume_ms: int | None
) -> None:
    """From the end of the last final to the end of the audio; of a run that ended, what it named as lost."""
    journal = Journal.open(talk(tmp_path, *events))
    (track,) = journal.tracks
    begin = journal.resume_at(track)
    assert journal.unheard(track) == unheard
    assert (None if begin is None else RATE.ms(begin)) == resume_ms


def test_a_word_at_the_seam_is_begun_again_in_the_quiet_before_it(tmp_path: Path) -> None:
    """Up to 300 ms back, and no farther."""
    quiet = [Chunk(RATE.samples(at), bytes(3200)) for at in range(500, 700, 100)]
    path = session(tmp_path, [*spoken(0, 500), *quiet, *spoken(700, 1000)], [began(), final(0, 700)])
    journal = Journal.open(path)
    assert journal.resume_at(journal.tracks[0]) == RATE.samples(500)


def test_a_session_that_was_gone_on_with_has_new_gaps_only(tmp_path: Path) -> None:
    """What a later run listened to again is lost only if that run says so."""
    again: list[Event] = [began(600), final(700, 900), gap(6000, 7000), ENDED]
    path = session(tmp_path, TALK, [began(), final(100, 600), gap(600, 7000), ENDED])
    with (path / EVENTS).open("ab") as file:
        file.write(b'{"type": "run", "begun": "later"}\n')
        for event in again:
            file.write(line(described(event, fold(Transcript(), event)) or {}))
    journal = Journal.open(path)
    assert journal.gaps == [gap(6000, 7000)]
    assert journal.unheard(journal.tracks[0]) == [(6000, 7000)]
    assert journal.parts[-1].begins == {"": 600}


def test_the_source_keeps_jumps_pauses_and_untold_gaps(tmp_path: Path) -> None:
    """Its times count from where it begins; a gap that was reported is not reported again."""
    away, told = Gap(5500, 5600, "gone"), Gap(5200, 5300, "gone")
    items: list[Chunk | Event] = [*spoken(0, 1000), PAUSE, *spoken(5000, 6000), told, away, *spoken(6000, 7000)]
    journal = Journal.open(session(tmp_path, items, [began(), final(0, 400), told]))
    source = JournalSource(journal, journal.tracks[0], RATE.samples(400))
    heard = list(source.chunks(RATE.samples(400)))
    assert (source.begin_ms, source.duration_ms, source.live) == (400, 6600, None)
    assert [item for item in heard if not isinstance(item, Chunk)] == [Paused(1000), PAUSE, away]
    positions = [item.position for item in heard if isinstance(item, Chunk)]
    assert positions == [RATE.samples(ms) for ms in (*range(400, 1000, 100), *range(5000, 7000, 100))]
    assert heard.index(PAUSE) == 7


def test_what_stands_beside_a_sentence_is_kept() -> None:
    """A translation and what another model heard, where there are any; whoever goes on hands them on."""
    both = Final("1", 100, 200, "好", (), "zh", "", "mic", "good", "en", "well")
    transcript = fold(Transcript(), both)
    record = described(both, transcript)
    assert record == {
        "type": "final", "sentence": 1, "speaker": "mic", "begin_ms": 100, "end_ms": 200, "text": "好",
        "language": "zh", "translation": "good", "translated_into": "en", "heard": "well",
    }  # fmt: skip
    assert read_final(record) == replace(both, key="")
    bare_ = described(final(100, 200), transcript) or {}
    assert not {"translation", "translated_into", "heard"} & set(bare_)
    assert read_final(bare_) == replace(final(100, 200), key="")
    listener = Listener()
    ContinuedOutput(listener, 7, shift_ms=50).handle(both, transcript)
    assert listener.events == [replace(both, begin_ms=150, end_ms=250)]


def test_the_first_sentence_after_a_resume_has_the_next_number() -> None:
    """The first sentence now is the next one of the session."""
    listener = Listener()
    event = final(100, 200)
    transcript = fold(Transcript(), event)
    output = ContinuedOutput(listener, 7, shift_ms=-50)
    output.handle(event, transcript)
    output.close()
    assert listener.transcript.latest is not None
    assert (listener.transcript.latest.number, listener.transcript.highest, listener.transcript.next_number) == (
        8,
        8,
        9,
    )
    assert listener.events == [final(100, 200).__class__("100", 50, 150, "well")]
