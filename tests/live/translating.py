"""A server that translates."""

import json
from pathlib import Path

SCRIPT = [
    {"begin_ms": 0, "end_ms": 900, "text": "good morning", "partials": ["good"], "translation": {"zh": "早上好"}},
    {"begin_ms": 1000, "end_ms": 1900, "text": "how are you", "partials": ["how are"]},
]
ANSWERS = [{"text": "How are you", "translation": {"zh": "你好吗"}}]
GUMMY = ("--model", "gummy-realtime-v1", "--language", "en", "--translate", "zh")


def written(path: Path, *objects: object) -> Path:
    """A file of JSON Lines."""
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects), encoding="utf-8")
    return path


def engine(folder: Path) -> list[object]:
    """The options of a server that says the script and has the answers."""
    script, answers = written(folder / "script.jsonl", *SCRIPT), written(folder / "answers.jsonl", *ANSWERS)
    return ["--engine", "scripted", "--script", script, "--answers", answers]
