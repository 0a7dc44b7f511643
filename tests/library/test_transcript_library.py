"""Transcripts in the library: found by every part of their text, listed, kept, and deleted with all their words."""

import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asrcli.core.errors import SourceError, UsageError
from asrcli.core.events import Began, Ended, Event, Final, Gap, Notice, Resumed, Word
from asrcli.core.transcript import Transcript
from asrcli.journal.reading import Journal
from asrcli.library import transcript_search
from asrcli.library.library_entry import LibraryEntry, entry_of_journal, packed, unpacked
from asrcli.library.library_file import LibraryDamaged, write
from asrcli.library.library_limits import LibraryLimits
from asrcli.library.library_output import LibraryOutput
from asrcli.library.search_text import normalized, search_terms
from asrcli.library.transcript_library import TranscriptLibrary
from asrcli.library.transcript_search import find_sentences
from tests.library.entries import BEGUN_S, DAY_S, NONE, entry
from tests.support.journals import began, final, gap, session, spoken


@pytest.fixture
def library(tmp_path: Path) -> TranscriptLibrary:
    """An empty library."""
    return TranscriptLibrary(tmp_path / "state" / "library.db", pytest.fail)


@pytest.fixture(scope="module")
def one_library(tmp_path_factory: pytest.TempPathFactory) -> TranscriptLibrary:
    """One library for many examples."""
    return TranscriptLibrary(tmp_path_factory.mktemp("library") / "library.db", pytest.fail)


def found(library: TranscriptLibrary, *words: str, limit: int | None = None) -> list[str]:
    """The sentences that hold the words, the newest first."""
    return [hit.sentence.text for hit in find_sentences(library.path, words, limit, 0)]


MIXED = st.text(alphabet="会议纪要预算abcéABß ss7가나ｘ，。!\"*-()':😀👍\u200d\u3000\ud800", max_size=12)
LONG_WORD = st.just("Donaudampfschifffahrtselektrizitätenhauptbetriebswerk")


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(MIXED | st.tuples(MIXED, LONG_WORD).map("".join), min_size=1, max_size=6),
    queries=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12), st.integers(1, 5)), min_size=1, max_size=3),
    others=st.lists(MIXED, max_size=1),
)
def test_a_search_finds_what_a_comparison_of_the_texts_finds(
    one_library: TranscriptLibrary,
    texts: list[str],
    queries: list[tuple[int, int, int]],
    others: list[str],
) -> None:
    """For parts of sentences and for any other text, in every mixture of scripts: neither more nor less.

    Each example replaces the transcript of the one before, of which nothing may be found.
    """
    library = one_library
    library.add(entry(1, *texts), NONE, BEGUN_S)
    parts = [texts[number % len(texts)][at : at + size] for number, at, size in queries]
    for words in ([part] for part in [*parts, *others]), [parts]:
        for each in words:
            terms = search_terms(each)
            if not terms:
                with pytest.raises(UsageError, match="nothing to search for"):
                    found(library, *each)
                continue
            naive = [text for text in texts if all(term in normalized(text) for term in terms)]
            assert len(found(library, *each)) == len([text for text in naive if text.strip()])


def test_a_word_that_very_many_words_have_is_found_without_the_index(library: TranscriptLibrary) -> None:
    """The newest come first, and no more than asked for."""
    words = [f"e{number:x}q" for number in range(500)]
    library.add(entry(1, *(" ".join(words[at : at + 10]) for at in range(0, 500, 10))), NONE, BEGUN_S)
    assert len(found(library, "e")) == len(found(library, "q")) == 50
    assert found(library, "e", limit=1) == [" ".join(words[-10:])]
    assert found(library, "e1f3q") == [" ".join(words[-10:])]


@pytest.mark.parametrize("most_sorted", [1, 4, 1000])
@settings(max_examples=25, deadline=None)
@given(
    days=st.lists(st.integers(0, 9), min_size=1, max_size=7),
    limit=st.none() | st.integers(1, 12),
    gone=st.integers(0, 9),
)
def test_the_newest_transcripts_come_first_in_whatever_order_they_were_added(
    tmp_path_factory: pytest.TempPathFactory, most_sorted: int, days: list[int], limit: int | None, gone: int
) -> None:
    """What is imported is older than the runs before. Of the same time, the one that was added last comes first."""
    library = TranscriptLibrary(tmp_path_factory.mktemp("order") / "library.db", pytest.fail)
    for at, day in enumerate(days):
        one = entry(day, f"预算 {at} first", "quiet", f"预算 {at} last")
        library.add(replace(one, id=f"20261124-230501-{at:04x}"), NONE, BEGUN_S)
    library.delete([f"20261124-230501-{gone:04x}"])
    left = [(day, at) for at, day in enumerate(days) if at != gone]
    expected = [f"预算 {at} {which}" for _, at in sorted(left, reverse=True) for which in ("last", "first")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transcript_search, "MOST_SORTED", most_sorted)
        assert found(library, "预算", limit=limit) == expected[:limit]


def test_a_hit_says_where_it_is_and_what_stands_around(library: TranscriptLibrary) -> None:
    """The second file of a run that left out its first minute: times in the file, and the sentences beside it only."""
    events: tuple[Event, ...] = (
        Began("a.wav", "m", "t", 60_000), final(60_000, 61_000, "one"), Began("b.wav", "m", "t", 130_000),
        final(131_000, 132_000, "two"), Gap(132_000, 133_000, "gone", "", "预算 three"),
    )  # fmt: skip
    library.add(LibraryEntry("20261124-230501-0001", "2026-11-24T23:05:01+00:00", events), NONE, BEGUN_S)
    library.add(entry(2, "other"), NONE, BEGUN_S)
    (hit,) = find_sentences(library.path, ["预算"], 5, 1)
    place = (hit.sentence.source, hit.sentence.begin_ms - hit.sentence.at_ms, hit.session)
    assert place == ("b.wav", 62_000, "20261124-230501-0001")
    assert ([each.text for each in hit.before], hit.after) == (["two"], ())
    (hit,) = find_sentences(library.path, ["one"], 5, 1)
    assert [each.text for each in hit.after] == ["two"]


def test_a_translation_is_found_too(library: TranscriptLibrary) -> None:
    """But no word that is half in the one and half in the other."""
    both = Final("k", 0, 900, "the budget", translation="预算", translated_into="zh")
    library.add(LibraryEntry("20261124-230501-0001", "2026-11-24", (both,)), NONE, BEGUN_S)
    assert found(library, "预算") == found(library, "budget", "预算") == ["the budget"]
    assert found(library, '"budget预算"') == []


def test_what_is_deleted_is_gone_from_the_file(library: TranscriptLibrary) -> None:
    """The text, its index and its words; those of the others stay."""
    library.add(entry(1, "secretword 机密会议", "shared"), NONE, BEGUN_S)
    library.add(entry(2, "shared 会议"), NONE, BEGUN_S)
    assert [each.id[-1] for each in library.sessions()] == ["2", "1"]
    library.delete([entry(1).id, "never there"])
    assert found(library, "secret") == found(library, "机密") == []
    assert found(library, "会议") == found(library, "shared") == ["shared 会议"]
    for text in ("secretword", "机密"):
        assert text.encode() not in library.path.read_bytes()


def test_a_transcript_comes_back_as_it_was_said_and_is_replaced_by_a_longer_one(library: TranscriptLibrary) -> None:
    """With its words and times; what a run adds that no output writes is left out. It stays kept."""
    events: tuple[Event, ...] = (
        Began("a.wav", "m", "t", 0, engine="e"), Final("k", 0, 900, "Hi.", (Word("Hi", 0, 400, "."),), "en"),
        Gap(900, 1000, "gone"), Resumed(1000, 2000, speaker=""), Ended(2000, 900, 100, 1, 0, 2.0, 5, None, 2000),
    )  # fmt: skip
    kept = LibraryOutput()
    for event in (*events, Notice("info", "nothing")):
        kept.handle(event, Transcript())
    assert kept.has_text
    kept.close()
    one = LibraryEntry("20261124-230501-0001", "2026-11-24", kept.events(), ("/a.wav",), ("/a.srt",), "wss://x", "m")
    assert one.events == events
    library.add(one, NONE, BEGUN_S)
    library.keep(one.id, kept=True)
    read = library.entry(one.id)
    assert (read.events, read.inputs, read.outputs, read.service) == (events, ("/a.wav",), ("/a.srt",), "wss://x")
    library.add(entry(1, "longer"), NONE, BEGUN_S)
    (row,) = library.sessions()
    assert (row.sentences, row.kept, row.length_ms, row.about["sources"]) == (
        1, True, 900, [{"name": "a.wav", "speaker": ""}],
    )  # fmt: skip
    with pytest.raises(SourceError, match="no transcript"):
        library.entry("20261124-230501-0009")


def test_age_and_size_delete_the_oldest_but_not_what_is_kept(library: TranscriptLibrary) -> None:
    """Nor the transcript that has just been added; and only when one is added, or on demand."""
    for number in range(4):
        library.add(entry(number, "x", words=400), NONE, BEGUN_S)
    library.keep(entry(0).id, kept=True)
    three_days = LibraryLimits(age_s=2.5 * DAY_S)
    now_s = BEGUN_S + 4 * DAY_S
    assert library.expired(NONE, now_s) == []
    assert library.expired(three_days, now_s) == [entry(1).id]
    assert library.add(entry(4, "x", words=400), three_days, now_s) == [entry(1).id]
    half = LibraryLimits(size_bytes=library.path.stat().st_size // 2)
    assert library.expired(half, now_s)[0] == entry(2).id
    assert library.add(entry(1, "old, but new here"), LibraryLimits(size_bytes=1), now_s) == [
        entry(number).id for number in (2, 3, 4)
    ]
    assert [each.id[-1] for each in library.sessions()] == ["1", "0"]


def test_what_is_stored_and_does_not_fit_is_left_out_or_named(library: TranscriptLibrary) -> None:
    """A line of a newer version; data that cannot be unpacked; a start that is no time; a description that is none."""
    library.add(LibraryEntry("20261124-230501-0001", "some day", (final(0, 900),)), NONE, BEGUN_S)
    assert unpacked(packed([final(0, 900)])) == (final(0, 900),)
    data = b'{"name": "Later", "event": {}}\nnothing\n{"name": "Final", "event": {"words": [{"a": 1}]}}'
    assert unpacked(zlib.compress(data)) == ()
    write(library.path, lambda it: it.execute("UPDATE session SET events = x'00', about = '['"), pytest.fail)
    assert (library.sessions()[0].about, library.sessions()[0].begun_s) == ({}, 0.0)
    with pytest.raises(LibraryDamaged, match="is damaged"):
        library.entry("20261124-230501-0001")
    write(library.path, lambda it: it.execute("UPDATE session SET about = '[]'"), pytest.fail)
    assert library.sessions()[0].about == {}


def test_a_journal_becomes_a_transcript(tmp_path: Path) -> None:
    """Its sentences and gaps by their time; a session that was never heard has its source and no sentence."""
    events: list[Event] = [
        began(),
        final(0, 900, "one"),
        gap(900, 1500),
        final(1500, 1900, "two"),
        final(1900, 1950, ""),
    ]
    made = entry_of_journal(Journal.open(session(tmp_path, spoken(0, 2000), events)), "20261124-230501-a1b2")
    assert [type(event).__name__ for event in made.events] == ["Began", "Final", "Gap", "Final"]
    assert [(each.text, each.source) for each in made.sentences] == [("one", "given"), ("two", "given")]
    assert (made.begun, made.service) == ("2026-11-24T23:05:01+01:00", "wss://there/x")
    silent = session(tmp_path, spoken(0, 2000), name="20261124-230501-a1b3")
    assert entry_of_journal(Journal.open(silent), "x").sentences == []
