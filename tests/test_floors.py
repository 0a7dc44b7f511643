"""The house: imports go down only, pure floors stay pure, each dependency has its room, nothing grows too long."""

import ast
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "asrcli"
FILES = sorted(PACKAGE.rglob("*.py"))

FLOORS = {
    "core": 1, "dashscope": 2, "protocol": 2, "recovery": 2,
    "config": 3, "sources": 3, "transport": 3, "outputs": 3, "engine": 3, "journal": 3, "terminal": 3, "evaluation": 3,
    "recognizers": 4, "library": 4, "server": 5, "runs": 6, "cli": 7, "__main__": 8,
}  # fmt: skip
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
IMPURE = {
    "threading", "queue", "socket", "time", "random", "asyncio", "uuid", "os", "pathlib", "signal", "subprocess",
    "typer", "rich", "websockets", "pyaudio", "miniaudio", "pydub", "av", "pocketsphinx", "webrtc_noise_gain",
    "sherpa_onnx", "webrtcvad",
}  # fmt: skip
# One noun that two files would cut in two.
LONG = {
    "tests/protocol/inference/test_translation.py",
    "asrcli/protocol/realtime/codec.py",
    "asrcli/protocol/openai/codec.py",
    "asrcli/engine/loop.py",
    "asrcli/engine/accounting.py",
    "asrcli/engine/audio_feed.py",
    "asrcli/runs/run.py",
    "asrcli/protocol/inference/codec.py",
    "asrcli/core/errors.py",
    "asrcli/core/interfaces.py",
}
# The public function: its arguments and what they mean are longer than a glance, its code is not.
LONG_FUNCTIONS = {"transcribe"}
# Below cli/ no text names an option of the command line, but for these.
NAMES_OPTIONS = {
    "__main__.py": "with --keys a signal means something else, before anything is loaded",
    "dashscope/parameters.py": "the table of options",
    "dashscope/catalogue.py": "notes about models, which asr models shows",
    "recognizers/json_lines.py": "asr serve --help shows what its input files look like",
    "server/page_origins.py": "an answer to a web page; who writes the page and who runs the server may be two people",
    "sources/backends/recording_programs.py": "options of the programs that record",
    "evaluation/report_page.py": "the variables of a style sheet",
    "outputs/overwrite_check.py": "the first line of a patch, as git writes it",
    "sources/mixer.py": "a notice",
    "sources/track_selection.py": "a notice",
}
# What must not know clocks and sockets although it lives higher up.
PURE_ROOMS = [
    "recognizers/endpointing.py", "server/limits.py", "server/wav_stream.py", "server/task_language.py",
    "recognizers/stable_words.py", "recognizers/word_times.py", "recognizers/hallucination_filter.py",
    "recognizers/speech_shape.py", "recognizers/plugins.py", "recognizers/text_units.py",
    "recognizers/token_words.py", "recognizers/onnx_metadata.py", "recognizers/model_catalogue.py",
    "server/faults/script.py", "recognizers/scripted_answers.py", "recognizers/json_lines.py",
    "recognizers/registry.py", "server/faults/trigger.py", "server/faults/random_faults.py", "server/http_api.py",
    "server/hotword_store.py", "server/phrase_store.py", "server/page_origins.py", "sources/microphone_timeline.py",
    "sources/noise_floor.py", "sources/foreign_content.py", "sources/asf.py", "sources/cut_end.py",
    "sources/mp3_frames.py",
    "sources/backends/input_device.py", "sources/backends/silence_limit.py", "sources/container_clock.py",
    "sources/audio_positions.py", "sources/track_selection.py", "sources/ogg.py", "sources/joined_files.py",
    "sources/wav.py", "sources/exact_reader.py", "outputs/csv_table.py", "outputs/html/markup.py",
    "server/captions/caption_history.py",
    "library/search_text.py", "journal/records.py", "journal/source.py", "journal/audit.py",
    "config/reach.py", "config/toml_lines.py", "config/document.py", "config/layers.py", "config/contradictions.py",
    "config/editing.py", "evaluation/normalization.py", "evaluation/comparison.py", "evaluation/aligned_text.py",
    "evaluation/report_page.py", "runs/batch/manifest.py", "runs/batch/output_names.py", "runs/batch/decisions.py",
    "runs/batch/start_limits.py", "runs/parts/cut_points.py", "runs/parts/part_account.py",
]  # fmt: skip
ROOMS = {
    "typer": ["cli/"],
    "rich": [
        "outputs/terminal_view.py",
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


def place(path: Path) -> str:
    """The file as it is named inside the package."""
    return path.relative_to(PACKAGE).as_posix()


def noun(module: str) -> str:
    """The part of the package a dotted module name belongs to."""
    return module.split(".")[1] if "." in module else module


@cache
def imports(path: Path) -> set[str]:
    """The modules a file imports anywhere, but for those it needs for its types alone."""
    found = set()
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "asrcli" or noun(node.module) in {"protocol", "cli"}:
                found |= {f"{node.module}.{alias.name}" for alias in node.names if alias.name != "__version__"}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "LazyModule":
            found |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return found


@pytest.mark.parametrize("path", FILES, ids=place)
def test_imports_go_down_only(path: Path) -> None:
    """A file imports from floors below its own, or from its own room."""
    own = place(path).split("/")[0].removesuffix(".py")
    if own == "__init__":
        assert not imports(path)
        return
    for module in imports(path):
        if module.startswith("asrcli."):
            other = noun(module)
            assert other == own or FLOORS[other] < FLOORS[own] or (FLOORS[own] == FLOORS[other] <= 2), module


@pytest.mark.parametrize("path", FILES, ids=place)
def test_pure_floors_stay_pure(path: Path) -> None:
    """Floors 1 and 2, and what is pure above them, know no thread, clock, socket, chance or file."""
    own = place(path).split("/")[0].removesuffix(".py")
    if FLOORS.get(own, 9) > 2 and place(path) not in PURE_ROOMS:
        return
    assert {module.split(".")[0] for module in imports(path)} & IMPURE == set()


@pytest.mark.parametrize("dependency", ROOMS)
def test_each_dependency_has_its_room(dependency: str) -> None:
    """Whoever wants to replace a library finds it in one place."""
    users = [place(path) for path in FILES if dependency in {module.split(".")[0] for module in imports(path)}]
    assert users
    assert [user for user in users if not user.startswith(tuple(ROOMS[dependency]))] == []


@pytest.mark.parametrize("path", FILES, ids=place)
def test_only_the_command_line_names_its_options(path: Path) -> None:
    """Errors of lower floors carry facts, for every caller; what to do with an option is said in cli/advice.py."""
    if place(path).startswith(("cli/", *NAMES_OPTIONS)):
        return
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, DOCUMENTED)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert [text for text in texts - documentation if re.search(r"(?<![\w-])--[a-z]", text)] == []


def test_what_may_name_options_does() -> None:
    """The list of exceptions holds nothing that needs none."""
    for name in NAMES_OPTIONS:
        files = [path for path in FILES if place(path).startswith(name)]
        assert any("--" in path.read_text("utf-8") for path in files), name


def test_every_declared_dependency_is_used_and_gives_its_reason() -> None:
    """pyproject.toml says why each is there; none stays behind unused. An extra may bring more, and says why too."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    declared = modules(project["dependencies"])
    optional = modules(entry for name in extras.keys() - {"all"} for entry in extras[name]) - declared
    assert declared | optional == {*ROOMS, "audioop_lts", "moonshine_voice"}  # of the last one only files are used
    for name in declared - {"pocketsphinx", "miniaudio"}:
        (line,) = [line for line in text.splitlines() if line.strip(" \"'").startswith(f"{name.replace('_', '-')}>=")]
        assert "  # " in line
    for name in extras.keys() - {"all"}:
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name} = ")]
        assert "  # " in line


def modules(entries: Iterable[str]) -> set[str]:
    """The names that requirements are imported by."""
    return {Requirement(entry).name.removesuffix("-wheels").replace("-", "_") for entry in entries}


@pytest.mark.parametrize("path", [*FILES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda path: path.name)
def test_no_file_and_no_function_outgrows_a_glance(path: Path) -> None:
    """300 lines a file, 400 where a split would cut one noun in two; 50 a function, options of commands apart."""
    text = path.read_text("utf-8")
    assert text.count("\n") <= (400 if path.relative_to(ROOT).as_posix() in LONG else 300)
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.lineno
            if path.is_relative_to(PACKAGE / "cli/commands") and node.name == path.stem.replace("-", "_"):
                first = node.body[0].end_lineno or first  # the options of a command and its help are no code
            assert node.end_lineno is not None
            assert node.end_lineno - first < 50 or node.name in LONG_FUNCTIONS, node.name


def test_every_room_with_code_has_tests() -> None:
    """The tests mirror the tree."""
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    for room in rooms:
        assert list((ROOT / "tests" / room).glob("test_*.py")), room


def test_the_top_shows_at_most_seventeen_names() -> None:
    """Each is a folder; no loose modules but the package itself and the way in."""
    shown = {path.name for path in PACKAGE.iterdir() if path.name not in {"__pycache__", "py.typed"}}
    modules_ = {name for name in shown if name.endswith(".py")}
    assert modules_ == {"__init__.py", "__main__.py"}
    assert len(shown - modules_) <= 17


def test_no_class_name_stands_twice() -> None:
    """Whoever searches for a class finds one."""
    homes: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(place(path))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}


def test_no_file_name_stands_twice() -> None:
    """But for sister folders that hold the same role, as a table of rows does, and for `cli/`, which repeats nouns."""
    homes: dict[str, set[str]] = {}
    for path in FILES:
        folder = path.parent.relative_to(PACKAGE).as_posix()
        if path.name not in {"__init__.py", "registry.py"} and folder.split("/")[0] != "cli":
            homes.setdefault(path.name, set()).add(folder.rpartition("/")[0] or folder)
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}
    commands = [path.name for path in FILES if path.is_relative_to(PACKAGE / "cli") and path.name != "__init__.py"]
    assert len(commands) == len(set(commands))


def test_code_is_written_out() -> None:
    """There are few conditional expressions, and few imports inside functions; such an import has a reason."""
    choices = local_imports = 0
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            choices += isinstance(node, ast.IfExp)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                local_imports += sum(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
    assert choices <= 250
    assert local_imports <= 150
