"""Decides whether audio is too quiet to contain speech. Numbers only: no device, no clock."""

from array import array

from asrcli.core.audio import Chunk

FIRST_BYTES = 256  # of a chunk, examined first: speech is loud somewhere in them, and this takes a tenth of the time
QUIET_PEAK = 100  # of 32768, which is -50 dBFS: noise of a silent room is below, a whisper close by is not


def is_quiet(pcm: bytes) -> bool:
    """Whether all samples of mono signed 16-bit PCM are quieter than any speech."""
    if pcm[1:FIRST_BYTES:2].translate(None, b"\x00\xff"):
        return False
    if pcm == bytes(len(pcm)):
        return True  # digital silence is found faster still
    if pcm[1::2].translate(None, b"\x00\xff"):
        return False  # a sample of 256 or more, or below -256: this is found twenty times as fast as the highest sample
    samples = array("h", pcm[: len(pcm) // 2 * 2])
    return not samples or (max(samples) < QUIET_PEAK and min(samples) > -QUIET_PEAK)


def with_quiet(chunk: Chunk) -> Chunk:
    """Return the chunk with `quiet` set. A chunk that has it, or a chunk that is not PCM, is returned unchanged."""
    if chunk.quiet is not None or chunk.length is not None:
        return chunk
    return Chunk(chunk.position, chunk.pcm, chunk.cut_after, None, is_quiet(chunk.pcm))
