"""The files of the package, what each of them imports, and tables of what each of them may import."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "asrcli"
FILES = sorted(PACKAGE.rglob("*.py"))

LAYERS = {
    "core": 1, "dashscope": 2, "protocol": 2, "recovery": 2,
    "config": 3, "sources": 3, "transport": 3, "outputs": 3, "engine": 3, "journal": 3, "terminal": 3, "evaluation": 3,
    "recognizers": 4, "library": 4, "server": 5, "runs": 6, "cli": 7, "__main__": 8,
}  # fmt: skip
IMPURE = {
    "threading", "queue", "socket", "time", "random", "asyncio", "uuid", "os", "pathlib", "signal", "subprocess",
    "typer", "rich", "websockets", "pyaudio", "miniaudio", "pydub", "av", "pocketsphinx", "webrtc_noise_gain",
    "sherpa_onnx", "webrtcvad",
}  # fmt: skip
# What must not know clocks and sockets although it lives higher up.
PURE_FILES = [
    "recognizers/endpointing.py", "server/limits.py", "server/wav_stream.py", "server/task_language.py",
    "recognizers/stable_words.py", "recognizers/word_times.py", "recognizers/hallucination_filter.py",
    "recognizers/speech_shape.py", "recognizers/plugins.py", "recognizers/text_units.py",
    "recognizers/token_words.py", "recognizers/onnx_metadata.py", "recognizers/model_catalogue.py",
    "server/faults/script.py", "recognizers/scripted_answers.py", "recognizers/json_lines.py",
    "recognizers/registry.py", "server/faults/trigger.py", "server/faults/random_faults.py", "server/http_api.py",
    "server/hotword_store.py", "server/phrase_store.py", "server/page_origins.py", "sources/microphone_timeline.py",
    "sources/noise_floor.py", "sources/foreign_content.py", "sources/asf.py", "sources/cut_end.py",
    "sources/frame_sizes.py", "sources/mp4_fragments.py", "sources/mp3_frames.py",
    "sources/backends/input_device.py", "sources/backends/silence_limit.py", "sources/container_clock.py",
    "sources/audio_positions.py", "sources/track_selection.py", "sources/ogg.py", "sources/joined_files.py",
    "sources/wav.py", "sources/exact_reader.py", "outputs/csv_table.py", "outputs/html/markup.py",
    "server/captions/caption_history.py",
    "library/search_text.py", "journal/records.py", "journal/source.py", "journal/continued_outputs.py",
    "journal/audit.py",
    "config/reach.py", "config/toml_lines.py", "config/document.py", "config/layers.py", "config/contradictions.py",
    "config/editing.py", "evaluation/normalization.py", "evaluation/comparison.py", "evaluation/aligned_text.py",
    "evaluation/report_page.py", "runs/batch/manifest.py", "runs/batch/output_names.py", "runs/batch/decisions.py",
    "runs/batch/start_limits.py", "runs/parts/cut_points.py", "runs/parts/part_account.py",
]  # fmt: skip
LIBRARY_USERS = {
    "typer": ["cli/"],
    "rich": [
        "outputs/terminal_view.py",
        "outputs/open_sentences.py",
        "outputs/status_bar.py",
        "outputs/caption_lines.py",
        "outputs/text_fitting.py",
        "cli/",
    ],
    "websockets": [
        "transport/",
        "server/websocket_server.py",
        "server/incoming_connection.py",
        "server/server_socket.py",
        "server/handshake_answers.py",
        "server/captions/caption_server.py",
    ],
    "h11": ["server/http_server.py"],
    "prometheus_client": ["server/prometheus_collector.py"],
    "python_socks": ["transport/proxy.py"],
    "av": [
        "sources/container_opening.py",
        "sources/decoder.py",
        "sources/decoded_frames.py",
        "sources/large_frames.py",
        "sources/decoding_errors.py",
        "sources/mixer.py",
        "sources/encoded_writer.py",
        "sources/resampling.py",
        "sources/media_library.py",
    ],
    "pysubs2": ["outputs/subtitles.py", "evaluation/transcript_files.py"],
    "distributed": ["runs/cluster/"],
    "fsspec": ["runs/batch/remote_store.py"],
    "jiwer": ["evaluation/alignment.py"],
    "pydub": ["sources/loudness.py"],
    "tomlkit": ["config/editing.py"],
    "keyring": ["config/keyring_process.py"],
    "platformdirs": ["config/files.py", "config/key_store.py", "journal/directory.py", "recognizers/model_store.py"],
    "filelock": ["journal/lock.py", "config/change_lock.py"],
    "pyaudio": ["sources/backends/portaudio.py"],
    "miniaudio": ["sources/backends/miniaudio.py"],
    "pocketsphinx": ["recognizers/pocketsphinx", "recognizers/voice_activity.py"],  # the first: two files
    "sherpa_onnx": ["recognizers/moonshine_model.py", "recognizers/sherpa_model.py"],
    "webrtcvad": ["recognizers/voice_activity.py"],
    "webrtc_noise_gain": ["sources/enhancement.py"],
}


def path_in_package(path: Path) -> str:
    """The file as it is named inside the package."""
    return path.relative_to(PACKAGE).as_posix()


def module_name(path: Path) -> str:
    """The name by which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def folder_of(module: str) -> str:
    """The part of the package a dotted module name belongs to."""
    return module.split(".")[1] if "." in module else module


@cache
def imports(path: Path) -> set[str]:
    """The modules a file imports anywhere, except for those it needs for its types alone."""
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for only_for_types in node.body
        for inner in ast.walk(only_for_types)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module.split(".")[0] in {"asrcli", "tests"}:  # what is imported may be a module itself
                found |= {f"{node.module}.{alias.name}" for alias in node.names if alias.name != "__version__"}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "LazyModule":
            found |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return found
