"""A run through a server with injected faults, and the check of its transcript. In one process, for speed."""

import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from threading import Thread

from asrcli.core.audio import Chunk, Format, recut
from asrcli.core.errors import AsrError
from asrcli.core.events import Ended, Event, Reconnecting
from asrcli.core.interfaces import ClientCodec, LiveInput, Source
from asrcli.core.settings import ConnectionSettings, RecognitionSettings, RetrySettings
from asrcli.protocol.funasr.codec import FunAsrClient
from asrcli.protocol.funasr.whole_state_codec import FunAsrRealtimeClient
from asrcli.protocol.inference.codec import InferenceClient
from asrcli.protocol.openai.codec import OpenAIClient
from asrcli.protocol.realtime.codec import RealtimeClient
from asrcli.protocol.registry import OPENAI_PATH, wire_of_model
from asrcli.protocol.vllm.codec import VllmClient
from asrcli.runs.plan import RunPlan
from asrcli.runs.run import Run
from asrcli.server.faults.script import FaultPlan
from asrcli.server.limits import ServerLimits
from asrcli.server.local_server import in_background
from asrcli.transport.identifiers import new_id
from asrcli.transport.websocket import dial
from tests.support.counted import counted, covered, uncovered
from tests.support.listener import Listener
from tests.support.received_samples import SampleRecorder, most
from tests.support.stand_in_codecs import StandInWire, wires_of

RATE = Format(16000)
WIRES = (
    "inference", "realtime", "manual", "openai", "openai-manual", "vllm", "funasr", "funasr-realtime",
    "funasr-realtime-manual",
)  # fmt: skip
MANUAL = {"manual", "openai-manual", "vllm", "funasr-realtime-manual"}
# What a wire does not promise, because its messages do not tell when something was said.
UNTIMED = {"funasr"}
TOLERATED = {"vllm": "ms off"}  # in the words of a problem that a wire cannot prevent: see LIMITS
LIMITS = {
    "vllm": "no names: an empty text that comes twice moves the times of those behind it",
    "funasr": "no times: words may come twice after a loss",
}
CLIENTS: dict[str, Callable[[RecognitionSettings, Callable[[], str]], ClientCodec]] = {
    "inference": InferenceClient,
    "openai": OpenAIClient,
    "openai-manual": OpenAIClient,
    "vllm": VllmClient,
    "funasr": FunAsrClient,
    "funasr-realtime": FunAsrRealtimeClient,
    "funasr-realtime-manual": FunAsrRealtimeClient,
}
COMMIT_EVERY = 7  # chunks, in manual mode
RESENDS = 5  # how often the same audio may be sent again: the default of --retries
WITHIN_S = 120  # a run that takes longer does not end


class Spoken:
    """A source of counted audio, at a pace of its own; in manual mode it says where utterances end."""

    name, audio_format, speaker, begin_ms, realtime = "counted", "pcm", "", 0, False
    format = RATE
    live: LiveInput | None = None

    def __init__(self, chunks: int, *, manual: bool, silent: Container[int] = ()) -> None:
        self._manual, self._pcm = manual, counted(chunks, silent=silent)
        self.duration_ms = chunks * 100

    def chunks(self, start: int) -> Iterator[Chunk | Event]:
        """All of it."""
        for number, chunk in enumerate(recut([self._pcm], RATE.samples(100), start), 1):
            yield replace(chunk, cut_after=self._manual and number % COMMIT_EVERY == 0)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run: what is wrong with its transcript, and what it cost.

    `sent` is how much audio the server heard, in samples; `most` how often it heard the same one.
    """

    problems: list[str]
    error: AsrError | None
    ended: Ended | None
    attempts: int
    took_s: float
    sent: int = 0
    most: int = 0
    resends: int = RESENDS  # gaps that were allowed
    crash: str = ""  # errors that should never occur
    twice: int = 0  # repeated chunks, on a wire that does not promise that none is repeated
    tolerated: tuple[str, ...] = ()  # problems that the wire cannot prevent

    @property
    def good(self) -> bool:
        """Whether nothing is lost or repeated, and the run ended as it should."""
        return not self.wrong

    @property
    def wrong(self) -> list[str]:
        """Everything that is wrong, in words."""
        found = [str(self.error)] if self.error is not None else []
        if self.crash:
            found.append(f"it crashed: {self.crash}")
        elif self.ended is None:
            found.append("it did not end")
        elif self.ended.lost_ms:
            found.append(f"lost {self.ended.lost_ms} ms")
        if self.most > 1 + self.resends:
            found.append(f"the same audio was sent {self.most} times")
        return found + self.problems


def ordeal(
    wire: str,
    faults: FaultPlan,
    chunks: int,
    *,
    pace: float | None = None,
    stall_s: float = 1.0,
    silent: Container[int] = (),
    within_s: float = WITHIN_S,
    resends: int = RESENDS,
    tolerated: str = "",
) -> Outcome:
    """One run on a wire through these faults. One that does not end is given up, and goes on unnoticed.

    Problems with the words `tolerated` in them are counted apart.
    """
    outcomes: list[Outcome] = []
    source = Spoken(chunks, manual=wire in MANUAL, silent=silent)

    def run() -> None:
        try:
            outcomes.append(_run(wire, faults, source, pace=pace, stall_s=stall_s, silent=silent, resends=resends))
        except BaseException as exc:  # the top of a thread
            outcomes.append(Outcome([], None, None, 0, 0, crash=repr(exc)))

    thread = Thread(target=run, name="ordeal", daemon=True)
    thread.start()
    thread.join(within_s)
    out = outcomes[0] if outcomes else Outcome([], None, None, 0, within_s)
    known = tuple(problem for problem in out.problems if tolerated and tolerated in problem)
    return replace(out, problems=[problem for problem in out.problems if problem not in known], tolerated=known)


def _run(
    wire: str,
    faults: FaultPlan,
    source: Spoken,
    *,
    pace: float | None,
    stall_s: float,
    silent: Container[int],
    resends: int,
) -> Outcome:
    recognition = RecognitionSettings("m", heartbeat=True if wire == "inference" else None, vad=wire not in MANUAL)

    def codec(source: Source) -> ClientCodec:
        del source
        return CLIENTS.get(wire, RealtimeClient)(recognition, new_id)

    listener, recognizer, began = Listener(), SampleRecorder(), time.monotonic()
    error: AsrError | None = None
    name = wire.removesuffix("-manual")
    stands_in = name in StandInWire.CODECS
    wires = wires_of(name, manual=wire in MANUAL) if stands_in else wire_of_model
    with in_background(recognizer, ServerLimits(), faults, choose_wire=wires) as address:
        connection = ConnectionSettings(
            f"{address}{OPENAI_PATH}" if wire.startswith("funasr") else address,
            connect_timeout_s=max(5.0, stall_s),
            idle_timeout_s=stall_s,
            stall_timeout_s=stall_s,
            keepalive_s=stall_s / 2,
        )
        plan = RunPlan("m", codec, dial, connection, pace, RetrySettings(limit=resends, wait_s=0.01, catch_up=None))
        try:
            Run(plan, [listener]).transcribe([source])
        except AsrError as exc:
            error = exc
    took_s = time.monotonic() - began
    chunks = source.duration_ms // 100
    ended = next((event for event in listener.events if isinstance(event, Ended)), None)
    twice = 0
    if wire in UNTIMED:
        problems, twice = uncovered(listener.events, chunks, silent)
    else:
        problems = covered(listener.events, chunks, silent=silent)
    attempts = len(listener.of(Reconnecting))
    return Outcome(
        problems, error, ended, attempts, took_s, recognizer.heard, most(recognizer.spans), resends, twice=twice
    )
