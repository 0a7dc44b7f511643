"""The chunks of an AVI whose sizes cannot be believed."""

import struct
import tracemalloc
from contextlib import closing
from pathlib import Path

from asrcli.sources.avi_chunks import AviChunks


def test_a_header_that_is_said_to_be_as_long_as_the_file_is_not_read(tmp_path: Path) -> None:
    """Its first bytes say all that is in it, and the file may be larger than the memory."""
    path = tmp_path / "a.avi"
    kind = struct.pack("<4s16xII16xI", b"auds", 1, 8000, 2)
    path.write_bytes(b"RIFF\0\0\0\x7fAVI LIST\0\0\0\x7fhdrl" + struct.pack("<4sI", b"strh", 0x7FFF_FFF0) + kind)
    with path.open("r+b") as file:
        file.truncate(64 << 20)  # zeros that take no room on the disk
    with closing(AviChunks(str(path), 0)) as chunks:
        tracemalloc.start()
        assert chunks.before_s(1 << 30) == 0
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak_bytes < 1 << 20
