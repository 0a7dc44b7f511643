"""The man page: fresh, complete, and read by man itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from asrcli.cli.app import COMMANDS, load_command
from asrcli.cli.render.help_content import paragraphs
from asrcli.cli.render.man_page import man_page
from asrcli.cli.render.topic_pages import blocks, is_verbatim, topic_names
from tests.support.command import asr

FILE = Path(__file__).parent.parent.parent / "docs" / "asr.1"


def test_the_page_in_the_repository_is_what_the_command_prints() -> None:
    """Otherwise: make man."""
    assert FILE.read_text("utf-8") == man_page()
    assert asr("help", "--man").stdout == man_page()
    refused = asr("help", "audio", "--man")
    assert refused.returncode == 2
    assert "--man with a topic" in refused.stderr


def test_every_option_and_every_topic_stands_in_it() -> None:
    """From the same texts as the help."""
    plain = man_page().replace("\\-", "-").replace("\\(aq", "'").replace("\\(dq", '"').replace("\\e", "\\")
    plain = re.sub(r"\\\[u([0-9A-F]+)\]", lambda found: chr(int(found[1], 16)), plain)
    for name in COMMANDS:
        section = plain.split(f"\n.SH ASR {name.upper()}\n")[1].split("\n.SH ")[0]
        for parameter in load_command(name).params:
            if parameter.param_type_name == "option" and not parameter.hidden:
                assert re.search(rf"^\.B {re.escape(parameter.opts[0])}\b", section, re.MULTILINE), parameter.opts
    for name in topic_names():
        for block in blocks(name):
            assert all(line.strip() in plain for line in block) if is_verbatim(block) else block[0][2:] in plain


@pytest.mark.parametrize("name", COMMANDS)
def test_a_synopsis_has_no_hidden_parameter(name: str) -> None:
    """What no help explains, as the words that `asr login` refuses, is not in the first line of a command either."""
    synopsis = man_page().split(f"\n.B asr {name} ".replace("-", "\\-"))[1].split("\n")[0]
    assert [each.name for each in load_command(name).params if each.hidden and str(each.name) in synopsis] == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_troff_reads_it_without_a_warning() -> None:
    """And keeps what begins with a dot, a quotation mark or a backslash."""
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-P-cbou"], input=man_page(), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    shown = " ".join(done.stdout.split())
    assert "jq -r 'select(.type==\"final\").text'" in shown
    assert 'tr "\\n" " " | wtype -' in shown
    assert paragraphs(COMMANDS["file"])[0] in shown
