"""The recognizers on this machine, as a table, as rows or as JSON."""

import sys
from collections.abc import Iterable
from typing import Any

from asrcli.cli.render.stdout import print_json, print_rows, print_text
from asrcli.core.printable import harmless
from asrcli.recognizers import registry
from asrcli.recognizers.model_catalogue import DOCUMENTED
from asrcli.recognizers.registry import RecognizerInfo


def print_engines(infos: Iterable[RecognizerInfo], *, as_json: bool) -> None:
    """Print recognizers: for programs as JSON or as rows with tabs, for people as a table."""
    described = [_described(info) for info in infos]
    if as_json:
        print_json(described)
    elif sys.stdout is not None and sys.stdout.isatty():
        _table(described)
    else:
        print_rows(_row(engine) for engine in described)


def _described(info: RecognizerInfo) -> dict[str, Any]:
    missing = registry.missing(info)
    times = per_core = install = None
    if info.word_times:
        times = "estimated" if info.estimated_times else "measured"
    if info.runs_in is registry.RunsIn.WORKERS:
        per_core = info.sessions_per_core
    if missing:
        install = info.install_command or None
    return {
        "engine": info.name,
        "model": info.model or None,
        "languages": None if info.languages is None else list(info.languages),
        "licence": info.licence or None,
        "size_mb": info.size_mb or None,
        "hotwords": info.hotwords,
        "word_times": times,
        "sessions_per_core": per_core,
        "ready": not missing,
        "preferred": not missing and info == registry.preferred(),
        "missing": missing or None,
        "install": install,
        "description": info.description,
    }


def _row(engine: dict[str, Any]) -> list[str]:
    """The fields of an engine: name, model, languages, licence, size, whether it is ready or what is missing."""
    languages = "any"
    if engine["languages"] is not None:
        languages = " ".join(engine["languages"])
    size = "-"
    if engine["size_mb"]:
        size = f"{engine['size_mb']} MB"
    return [engine["engine"], engine["model"] or "-", languages, engine["licence"] or "-", size, _state(engine)]


def _state(engine: dict[str, Any]) -> str:
    if engine["ready"]:
        return "ready, preferred" if engine["preferred"] else "ready"
    advice = ""
    if engine["install"]:
        advice = f": {engine['install']}"
    return f"{engine['missing']}{advice}"


def _table(described: list[dict[str, Any]]) -> None:
    from asrcli.cli.render.tables import new_table, print_table

    table = new_table(pad_edge=False, header_style="bold")
    for title in ("engine", "model", "langs", "licence", "size", "state"):
        table.add_column(title, no_wrap=title in {"engine", "size"}, overflow="fold")
    for engine in described:
        table.add_row(*map(harmless, _row(engine)))
    print_table(table)
    print_text(*(f"{engine['engine']}: {engine['description']}" for engine in described), indent=2)


def print_documented() -> None:
    """Print the documented models: name, languages, whether they stream, and the address."""
    print_rows(
        [model.name, " ".join(model.languages), "streaming" if model.streaming else "whole sentences", model.url]
        for model in DOCUMENTED.values()
    )
