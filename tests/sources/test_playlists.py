"""A playlist from somebody else cannot make this program read other files of the user."""

import io
import time
from pathlib import Path

import pytest

from asrcli.core.errors import SourceError
from asrcli.sources.decoder import Decoder
from tests.support.command import asr
from tests.support.tone import tone, wav

HEAD, REST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n", "\n#EXT-X-ENDLIST\n"
SDP = "v=0\nc=IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n"


@pytest.mark.parametrize("name", ["talk.mp3", "talk.m3u8", "talk.ffconcat", "talk"])
@pytest.mark.parametrize(
    "text",
    ["ffconcat version 1.0\nfile mine.wav\n", f"{HEAD}mine.wav{REST}", f"{HEAD}http://127.0.0.1:9/x.ts{REST}", SDP],
)
def test_a_list_of_other_files_is_refused(tmp_path: Path, scripted: str, name: str, text: str) -> None:
    """Whatever it is called; also from standard input."""
    wav(tmp_path / "mine.wav", tone(900))
    path = tmp_path / name
    path.write_text(text)
    done = asr("file", path, "--url", scripted, "--pace", "max")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    if name == "talk":
        assert asr("file", "-", "--url", scripted, "--pace", "max", stdin=text.encode()).returncode == 3


def test_a_session_description_in_a_pipe_does_not_listen_on_the_network() -> None:
    """It is refused at once: libav would have waited for audio at the port that it names."""
    began = time.monotonic()
    with pytest.raises(SourceError):
        Decoder(io.BytesIO(SDP.encode()), "talk")
    assert time.monotonic() - began < 20
