"""Errors as one sentence each, and an exit code for all of them."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from asrcli.cli.app import EXIT_CODES, exit_code
from asrcli.core import errors
from asrcli.core.causes import Cause
from asrcli.core.errors import (
    AsrError,
    AudioLost,
    BudgetReached,
    ClusterGone,
    CommandNotRun,
    ConnectFailed,
    ConnectionLost,
    EngineUnavailable,
    ErrorRateTooHigh,
    JournalUnreadable,
    MissingKey,
    MultipleErrors,
    OutputClosed,
    OutputError,
    ProblemsFound,
    ProtocolError,
    ServiceRefused,
    SettingError,
    SourceError,
    TransportError,
    UsageError,
    combine_errors,
    shorten,
)
from asrcli.core.redaction import remember_key

SENTENCES = [
    (UsageError("a with b", "drop b"), 2, "a with b; drop b"),
    (UsageError("a with b"), 2, "a with b"),
    (SettingError("ca", "no certificate", "write PEM", value="a.pem"), 2, "ca a.pem: no certificate; write PEM"),
    (SettingError("template", "no field x"), 2, "template: no field x"),
    (MissingKey(), 2, "no API key"),
    (EngineUnavailable("gone", "install it"), 2, "the embedded recognizer cannot run: gone; install it"),
    (OutputError("a.txt", "disk full"), 2, "cannot write a.txt: disk full"),
    (CommandNotRun("--exec", "2 sentences left"), 2, "--exec: 2 sentences left"),
    (ClusterGone("tcp://h:8786", "nobody listens"), 4, "cluster tcp://h:8786: nobody listens"),
    (SourceError("a.wav", "no such file"), 3, "a.wav: no such file"),
    (JournalUnreadable("s", "no journal", "/s/0.pcm"), 3, "s: no journal; its audio is kept"),
    (ConnectFailed("ws://h", "refused", Cause.NOTHING_LISTENS), 4, "cannot connect to ws://h: refused"),
    (ConnectionLost("silent"), 4, "connection lost: silent"),
    (ConnectionLost("broke", 1006), 4, "connection lost: broke (close code 1006)"),
    (ConnectionLost("\x01\x1b\x7f", 4000), 4, "connection lost: no readable reason (close code 4000)"),
    (ServiceRefused("\x01", "\x02\n", "t"), 5, "refused by the service: no reason given (task t)"),
    (ProtocolError("not JSON", "x\n y"), 4, "protocol error: not JSON: x y"),
    (ServiceRefused("Odd", "words"), 5, "refused by the service: Odd: words"),
    (ServiceRefused("Odd", ""), 5, "refused by the service: Odd"),
    (ServiceRefused("", "words.", "t"), 5, "refused by the service: words (task t)"),
    (ServiceRefused("", "", "t"), 5, "refused by the service: no reason given (task t)"),
    (ServiceRefused("Throttling.RateQuota", "m", "t"), 5,
     "refused by the service: Throttling.RateQuota: m (task t)"),
    (MultipleErrors([SourceError("a", "gone"), ServiceRefused("X", "y"), SourceError("b", "gone")]), 5,
     "3 inputs failed: a: gone · refused by the service: X: y · b: gone"),
    (MultipleErrors([OutputError("a.srt", "full"), OutputError("a.vtt", "full")]), 2,
     "2 outputs failed: cannot write a.srt: full · cannot write a.vtt: full"),
    (MultipleErrors([SourceError("a", "gone"), OutputError("a.srt", "full")]), 3,
     "1 input and 1 output failed: a: gone · cannot write a.srt: full"),
    (BudgetReached(5.0), 7, "stopped before the end of the audio: more audio would cost more than the budget of 5 CNY"),
    (ErrorRateTooHigh(0.125, 0.1), 8, "the word error rate of 12.50% is above the limit of 10.00%"),
    (ErrorRateTooHigh(None, 0.1), 8, "the references have no words, so there is no error rate"),
    (ProblemsFound(2), 9, "2 things wrong: see above"),
    (AudioLost(1500), 6, "finished, but 1.50 s of audio was lost: see the gaps in the transcript"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "sentence"), SENTENCES)
def test_an_error_is_one_sentence_and_one_exit_code(error: AsrError, code: int, sentence: str) -> None:
    """What happened, and where; `asrcli/cli/advice.py` adds what to do."""
    assert (str(error), exit_code(error)) == (sentence, code)
    assert "\n" not in str(error)


def test_every_error_of_the_tree_has_an_exit_code_and_a_sentence_here() -> None:
    """A new one cannot be forgotten."""
    tree = {kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, AsrError)}
    abstract = {AsrError, errors.TransportError}
    assert tree - abstract == {type(error) for error, _, _ in SENTENCES} | {OutputClosed}
    assert all(any(issubclass(kind, known) for known in EXIT_CODES) for kind in tree - {AsrError, MultipleErrors})


def test_long_words_are_cut_with_an_ellipsis() -> None:
    """However long a service talks, a line is a line."""
    assert shorten("a  b\n" * 100, 7) == "a b a …"
    assert len(str(ProtocolError("x", "y" * 10_000))) < 200


def test_of_a_very_long_text_the_beginning_is_looked_at() -> None:
    """All of it would take milliseconds; a secret is never cut so that half of it is shown."""
    assert shorten("word " * 100_000, 10) == "word word…"
    assert shorten("x" * 100_000, 10) == "x" * 9 + "…"
    for spaces in range(380, 401):
        assert shorten(" " * spaces + "sk-" + "a1" * 30, 10) in {"sk-…", "…"}
    assert shorten(" " * 400, 10) == ""


def test_what_may_be_secret_in_an_address_is_not_shown() -> None:
    """User, password and query stay out of the sentence."""
    said = str(ConnectFailed("wss://me:secret@h:1/p?api_key=sk-1", "refused"))
    assert said.startswith("cannot connect to wss://h:1/p: refused")


def test_what_was_reported_before_is_not_said_again() -> None:
    """A run over many files reports each failure when it happens."""
    gone, other, new = SourceError("a", "gone"), SourceError("b", "gone"), SourceError("c", "gone")
    gone.reported = other.reported = True
    assert str(MultipleErrors([gone])) == "1 input failed: see above"
    assert str(MultipleErrors([gone, new])) == "2 inputs failed: c: gone · for the rest see above"
    assert str(MultipleErrors([gone, new, other])) == "3 inputs failed: c: gone · for the rest see above"
    assert str(MultipleErrors([gone, OutputClosed()])) == "1 input failed: see above"
    with_gaps = AudioLost(500)
    with_gaps.reported = True
    assert str(MultipleErrors([gone, with_gaps])) == "1 input failed, 1 transcript with gaps: see above"
    assert str(MultipleErrors([with_gaps, with_gaps])) == "2 transcripts with gaps: see above"


def test_the_same_error_twice_is_one_error() -> None:
    """All inputs may fail for one reason; it is said once, and has its own exit code."""
    same = combine_errors([ConnectionLost("silent"), ConnectionLost("silent")])
    assert (type(same), str(same)) == (ConnectionLost, "connection lost: silent")
    assert str(combine_errors([ConnectionLost("silent"), SourceError("a", "gone")])).startswith("2 inputs failed: ")


def test_an_error_that_is_waited_out_is_reported_without_its_address() -> None:
    """The program itself does what there is to do."""
    assert ConnectFailed("wss://h/p", "refused").brief == "cannot connect: refused"
    assert ConnectionLost("silent").brief == "connection lost: silent"


def test_the_tree_of_errors_has_all_of_them() -> None:
    """Also those that other files define: whoever looks for an error finds it there, below what it is a kind of."""
    bases: dict[str, set[str]] = {}
    for path in Path(errors.__file__).parent.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
    parents: list[tuple[int, str]] = []
    shown: dict[str, str] = {}
    for line in inspect.cleandoc(errors.__doc__ or "").splitlines():
        if found := re.match(r"(?P<indent>[│ ]*)[├└]── (?P<names>\w+(, \w+)*) ", line):
            parents = [one for one in parents if one[0] < len(found["indent"])]
            for name in found["names"].split(", "):
                shown[name] = parents[-1][1] if parents else "AsrError"
            parents.append((len(found["indent"]), name))
    kinds = {"AsrError"}
    while more := {name for name, above in bases.items() if above & kinds} - kinds:
        kinds |= more
    assert shown.keys() == kinds - {"AsrError"}
    assert [name for name, parent in shown.items() if parent not in bases[name]] == []


FROM_OUTSIDE = [
    kind
    for kind in vars(errors).values()
    if inspect.isclass(kind)
    and issubclass(kind, TransportError | ServiceRefused | SourceError | OutputError)
    and "__init__" in vars(kind)
]


@pytest.mark.parametrize("kind", FROM_OUTSIDE, ids=lambda kind: kind.__name__)
def test_no_sentence_holds_a_key(kind: type[AsrError]) -> None:
    """Whatever part of an error the other end has put it into: errors are also written into files."""
    key = "Zx9canary7f3e9d2c1bQ"
    remember_key(key)
    parts = [name for name, part in inspect.signature(kind).parameters.items() if part.annotation in {str, "str"}]
    assert parts
    given: dict[str, Any] = {name: f"Bearer {key} {name} wss://h/{key}?q" for name in parts}
    for url in (f"wss://h/{key}/x", f"wss://{key}@h/x"):
        error = kind(**given | ({"url": url} if "url" in given else {}))
        for said in (str(error), error.brief):
            assert key not in said
