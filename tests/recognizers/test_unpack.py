"""Archives that may be malicious: nothing comes out of them but files inside one folder, and not too many."""

import contextlib
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.errors import OutputError
from asrcli.recognizers.unpack import ArchiveLimits, BadArchive, unpack

Entry = tuple[str, bytes, bytes, str]  # name, type, content, link


def archive(path: Path, *entries: Entry, form: str = "w:bz2") -> Path:
    """An archive of these members, as they are."""
    with tarfile.open(str(path), form) as tar:  # type: ignore[call-overload]
        for name, kind, content, link in entries:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), link
            tar.addfile(member, io.BytesIO(content))
    return path


def plain(name: str, content: bytes = b"x") -> Entry:
    """A plain file."""
    return name, tarfile.REGTYPE, content, ""


def unpacked(folder: Path, packed: Path, limits: ArchiveLimits | None = None) -> dict[str, bytes]:
    """What comes out."""
    out = folder / "out"
    out.mkdir()
    unpack(packed, out, limits)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("form", ["w:bz2", "w:gz", "w:xz", "w:"])
def test_files_and_links_among_them_come_out(tmp_path: Path, form: str) -> None:
    """A link to a file of the archive becomes a copy: no link is made."""
    packed = archive(
        tmp_path / "a", ("m", tarfile.DIRTYPE, b"", ""), plain("m/a/tokens.txt", b"1"), plain("./m/b", b"2"),
        ("m/c", tarfile.SYMTYPE, b"", "a/tokens.txt"), ("m/d", tarfile.LNKTYPE, b"", "m/b"), form=form,
    )  # fmt: skip
    assert unpacked(tmp_path, packed) == {"m/a/tokens.txt": b"1", "m/b": b"2", "m/c": b"1", "m/d": b"2"}
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


@pytest.mark.parametrize(
    "entries",
    [
        [plain("../evil")],
        [plain("m/../../evil")],
        [plain("/evil")],
        [plain("C:\\evil")],
        [plain("m/..\\..\\evil")],
        [plain("m/nul")],
        [("m/link", tarfile.SYMTYPE, b"", "/etc"), plain("m/link/evil")],
        [("link", tarfile.SYMTYPE, b"", ".."), plain("link/evil")],
        [("m/link", tarfile.SYMTYPE, b"", "../../evil")],
        [("link", tarfile.LNKTYPE, b"", "/etc/passwd")],
        [("m/device", tarfile.CHRTYPE, b"", "")],
        [("m/pipe", tarfile.FIFOTYPE, b"", "")],
        [("m/sparse", tarfile.GNUTYPE_SPARSE, b"", "")],
        [plain("twice"), plain("twice")],
        [plain("file"), plain("file/below")],
        [plain("/".join("d" * 40))],
    ],
    ids=lambda entries: entries[-1][0][:20],
)
def test_nothing_leaves_the_folder(tmp_path: Path, entries: list[Entry]) -> None:
    """Paths that lead out, links, devices and pipes are refused, and nothing lies outside afterwards."""
    with pytest.raises(BadArchive):
        unpacked(tmp_path, archive(tmp_path / "a", *entries))
    assert {path.name for path in tmp_path.iterdir()} == {"a", "out"}
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_bombs_are_noticed_before_they_fill_the_disk(tmp_path: Path) -> None:
    """Too many bytes, too many files, and a header that claims to be huge."""
    limits = ArchiveLimits(size_bytes=4_000_000, files=50)
    zeros = archive(tmp_path / "zeros", plain("m/small"), plain("m/zeros", bytes(8_000_000)))
    with pytest.raises(BadArchive, match="more than 0"):
        unpacked(tmp_path, zeros, limits)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) < 4_000_000
    (tmp_path / "many").mkdir()
    with pytest.raises(BadArchive, match="more than 50 files"):
        unpacked(tmp_path / "many", archive(tmp_path / "b", *(plain(f"m/{each}") for each in range(60))), limits)
    (tmp_path / "header").mkdir()
    huge = archive(tmp_path / "c", ("m", tarfile.XHDTYPE, bytes(3_000_000), ""), form="w:")
    with pytest.raises(BadArchive, match="damaged"):
        unpacked(tmp_path / "header", huge, limits)


@given(st.binary(max_size=2000), st.sampled_from([b"", b"BZh9", b"\x1f\x8b\x08", b"\xfd7zXZ\x00"]))
def test_what_is_no_archive_is_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes) -> None:
    """Whatever the bytes are."""
    folder = tmp_path_factory.mktemp("noise")
    (folder / "a").write_bytes(head + data)
    with contextlib.suppress(BadArchive):
        assert unpacked(folder, folder / "a") == {}  # zeros are an empty archive


def test_an_archive_that_is_cut_off_is_damaged(tmp_path: Path) -> None:
    """At any place."""
    packed = archive(tmp_path / "a", plain("m/x", b"abc" * 5000))
    whole = packed.read_bytes()
    for number, size in enumerate((10, len(whole) // 2, len(whole) - 5)):
        packed.write_bytes(whole[:size])
        (tmp_path / str(number)).mkdir()
        with pytest.raises(BadArchive, match="damaged"):
            unpacked(tmp_path / str(number), packed)


def test_a_disk_without_room_for_the_folder_is_one_line(tmp_path: Path) -> None:
    """As for each file in it."""
    (tmp_path / "good.tar").write_bytes(b"")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="Not a directory"):
        unpack(tmp_path / "good.tar", tmp_path / "file" / "files")
