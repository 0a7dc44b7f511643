"""The command line with parameters that no service has: one row of each type of value, on every wire.

python -m tests.support.made_up_parameters ARGUMENTS     runs `asr ARGUMENTS`
python -m tests.support.made_up_parameters --heard CLIP  prints for each wire the first message and what arrives
"""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from asrcli.dashscope import parameters
from asrcli.dashscope.parameters import Kind, ModelFamily, ServiceParameter
from asrcli.protocol.registry import INFERENCE, OMNI, REALTIME, TRANSLATION

TAKERS = {
    INFERENCE: ("fun-asr-realtime-2026-02-28", ModelFamily.FUN),
    TRANSLATION: ("gummy-realtime-v1", ModelFamily.GUMMY),
    REALTIME: ("qwen3-asr-flash-realtime", ModelFamily.QWEN_ASR),
    OMNI: ("qwen3-omni-flash-realtime", ModelFamily.OMNI),
}
FAMILIES = frozenset(family for _, family in TAKERS.values())


def on_all_wires(name: str) -> dict[str, str]:
    """A place of its own on each wire: deep in the message, or beside the speech detection."""
    return {
        INFERENCE: f"audio.{name}",
        TRANSLATION: f"translated_{name}",
        REALTIME: f"turn_detection.{name}",
        OMNI: f"input_audio_transcription.deep.{name}",
    }


ROWS = (
    ServiceParameter("loudness", "--loudness", Kind.INTEGER, FAMILIES, "How loud.", bounds=(1, 10), unit="DB",
        paths=on_all_wires("audio_loudness")),
    ServiceParameter("warmth", "--warmth", Kind.NUMBER, FAMILIES, "How warm.", paths=on_all_wires("warmth")),
    ServiceParameter("polite", "--polite/--no-polite", Kind.SWITCH, FAMILIES, "Be polite.",
        paths=on_all_wires("be_polite")),
    ServiceParameter("accent", "--accent", Kind.TEXT, FAMILIES, "Which accent.", unit="NAME",
        values=("north", "south"), paths=on_all_wires("accent")),
    ServiceParameter("speakers", "--speaker", Kind.TEXTS, FAMILIES, "Who speaks.", paths=on_all_wires("names")),
    ServiceParameter("jargon", "--jargon", Kind.WORDS, FAMILIES, "Words of a trade.", paths=on_all_wires("jargon")),
)  # fmt: skip
GIVEN = [
    "--loudness", "7", "--warmth", "0.5", "--no-polite", "--accent", "north", "--speaker", "Ada", "--speaker", "Bob",
    "--jargon", "ab，cd",
]  # fmt: skip
# Before any other module of the program is loaded, which makes tables of its own from this one.
parameters.PARAMETERS = (*parameters.PARAMETERS, *ROWS)
parameters.BY_NAME = parameters._in_order_of_settings()


def heard(clip: Path) -> dict[str, Any]:
    """By wire: the first message of a client, and the made-up values that a real server hands to its recognizer."""
    from asrcli.cli import app
    from asrcli.core.message import Text
    from asrcli.core.settings import RecognitionSettings
    from asrcli.dashscope.catalogue import MODELS
    from asrcli.recognizers.in_process import InProcessStream
    from asrcli.recognizers.scripted import Scripted
    from asrcli.server.local_server import in_background
    from tests.support.pair import counting

    asked: list[RecognitionSettings] = []

    class Overheard(Scripted):
        """Remembers the settings of each task."""

        async def open(self, recognition: RecognitionSettings) -> InProcessStream:
            """As a scripted one."""
            asked.append(recognition)
            return await super().open(recognition)

    found: dict[str, Any] = {}
    with in_background(Overheard()) as address:
        for wire, (name, _) in TAKERS.items():
            sys.argv = ["asr", "file", str(clip), "--model", name, *GIVEN, "--url", address, "--pace", "max"]
            with suppress(SystemExit):
                app.main()
            (settings,) = asked
            asked.clear()
            (message,) = MODELS[name].traits.client_codec(settings, counting()).start()
            assert isinstance(message, Text)
            found[wire] = {"message": json.loads(message.data), "heard": dict(settings.parameters)}
    return found


if __name__ == "__main__":
    if sys.argv[1] == "--heard":
        report = heard(Path(sys.argv[2]))
        sys.stderr.write(json.dumps(report))
    else:
        from asrcli.__main__ import main

        main()
