"""The library that decodes audio: the versions of its parts, and whether it knows the usual codecs. Opens no file."""

# What recordings are made of, by the name that people know; any of the decoders of a row will do.
DECODERS = {
    "MP3": ("mp3float", "mp3"),
    "AAC": ("aac",),
    "Opus": ("opus", "libopus"),
    "Vorbis": ("vorbis", "libvorbis"),
    "FLAC": ("flac",),
    "WMA": ("wmav2",),
    "AMR": ("amrnb", "libopencore_amrnb"),
    "WAV": ("pcm_s16le",),
}


def library_versions() -> dict[str, str]:
    """Return the versions of FFmpeg and of its libraries, as PyAV brings them.

    Raises:
        ImportError, OSError: PyAV cannot be loaded.
    """
    import av

    versions = {"FFmpeg": str(getattr(av, "ffmpeg_version_info", "(version not known)"))}
    for name in ("libavcodec", "libavformat", "libswresample"):
        versions[name] = ".".join(map(str, av.library_versions[name]))
    return versions


def missing_decoders() -> list[str]:
    """Return the usual codecs that this library cannot decode.

    Raises:
        ImportError, OSError: PyAV cannot be loaded.
    """
    import av

    return [name for name, decoders in DECODERS.items() if not set(decoders) & av.codecs_available]
