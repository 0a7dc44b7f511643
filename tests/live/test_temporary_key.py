"""`--temporary-key`: the real key makes others, and never opens a connection itself."""

import json
import re
from pathlib import Path

from asrcli.core.settings import Secret
from asrcli.recognizers.scripted import Scripted
from asrcli.server.faults.script import parse_script
from asrcli.server.local_server import in_background
from tests.support.command import asr, lines
from tests.support.relay import relayed
from tests.support.tone import tone, wav

KEY = "sk-0123456789abcdef"


def test_each_connection_has_a_key_of_its_own(tmp_path: Path) -> None:
    """Also the one that is made again after a loss; the real key is shown to whoever makes them, and to nobody else."""
    cut = parse_script([json.dumps({"connection": 1, "after_bytes": 32000, "do": "cut"})], "faults")
    clip = wav(tmp_path / "clip.wav", tone(3000))
    with in_background(Scripted(), faults=cut, key=Secret(KEY)) as address, relayed(address) as (through, heads):
        done = asr(
            "file", clip, "--url", through, "--temporary-key", "--pace", "4", "--retry-wait", "0.1", "-f", "jsonl",
            DASHSCOPE_API_KEY=KEY,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout)[-1]["reconnects"] == 1
    asked = [head.split(b" ")[0] for head in heads]
    assert asked == [b"POST", b"GET", b"POST", b"GET"]
    keys = [re.findall(rb"(?i)authorization: bearer (\S+)", head) for head in heads]
    assert keys[0] == keys[2] == [KEY.encode()]
    assert keys[1] != keys[3]
    assert all(key.startswith(b"st-") for key in (*keys[1], *keys[3]))


def test_a_key_that_cannot_make_temporary_ones_ends_the_run(tmp_path: Path) -> None:
    """As a refused key anywhere."""
    clip = wav(tmp_path / "clip.wav", tone(1000))
    with in_background(Scripted(), key=Secret(KEY)) as address:
        done = asr("file", clip, "--url", address, "--temporary-key", DASHSCOPE_API_KEY="sk-wrong")
    assert (done.returncode, len(done.stderr.splitlines())) == (5, 1)
    assert "InvalidApiKey" in done.stderr
    assert "sk-wrong" not in done.stderr
