"""The name of each transcript of a batch: by a template, without two inputs that would write one file. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from asrcli.core.causes import Cause
from asrcli.core.errors import SourceError, UsageError
from asrcli.runs.batch.manifest import BatchInput

DEFAULT = "{stem}"
FIELDS = ("stem", "name", "parent", "folder")
_FIELD = re.compile(r"\{(\w*)\}")


def check_template(template: str) -> str:
    """The template, unchanged.

    Raises:
        UsageError: it has a field that does not exist, a brace without its partner, or would name no file.
    """
    if unknown := [field for field in _FIELD.findall(template) if field not in FIELDS]:
        known = ", ".join(f"{{{field}}}" for field in FIELDS)
        raise UsageError(f"{{{unknown[0]}}} in the name of transcripts: no such field", f"there are {known}")
    rest = _FIELD.sub("", template)
    if "{" in rest or "}" in rest or not {"stem", "name"} & set(_FIELD.findall(template)):
        raise UsageError(f"{template!r} does not name transcripts", "write it as {stem}, {name} or {parent}/{stem}")
    return template


def output_names(
    inputs: Sequence[BatchInput], template: str = DEFAULT, kept: Mapping[str, str] | None = None
) -> tuple[list[str], dict[int, SourceError]]:
    """Return the name of each transcript without its suffix, and for each input that can have none the reason.

    With the template {stem}, two inputs of one folder that differ in their suffix only keep their whole names, as with
    `asr file`. Two that would still write one file get none of them, because it would depend on chance whose text it
    holds.

    Args:
        inputs: All inputs.
        template: Parts of the path in braces, and other text.
        kept: The names that earlier runs gave to inputs, by their identity; they stay. Those of inputs that are not
            named now are taken too.
    """
    kept = kept or {}
    found = [kept.get(one.identity) or _named(one, template) for one in inputs]
    if template == DEFAULT:
        repeated = _repeated(found)
        found = [
            one.file_name if folded_name(name) in repeated and not (one.name or kept.get(one.identity)) else name
            for one, name in zip(inputs, found, strict=True)
        ]
    problems: dict[int, SourceError] = {}
    owners = {folded_name(name): identity for identity, name in kept.items()}
    repeated = _repeated(found)
    for number, (one, name) in enumerate(zip(inputs, found, strict=True)):
        owner = owners.get(folded_name(name), one.identity)
        if problem := unusable(name):
            problems[number] = SourceError(one.path, f"its transcript would be called {name!r}, {problem}")
        elif owner != one.identity:
            problems[number] = _taken(one, f"its transcript {name} would replace that of {owner}")
        elif folded_name(name) in repeated and one.identity not in kept:
            other = next(each for each, other in zip(inputs, found, strict=True) if _clash(one, each, name, other))
            problems[number] = _taken(one, f"its transcript {name} would also be that of {other.path}")
    return found, problems


def _taken(one: BatchInput, reason: str) -> SourceError:
    return SourceError(one.path, reason, cause=Cause.SAME_TRANSCRIPT)


def _clash(one: BatchInput, other: BatchInput, name: str, other_name: str) -> bool:
    return other is not one and folded_name(other_name) == folded_name(name)


def _named(one: BatchInput, template: str) -> str:
    if one.name:
        return one.name
    stem = one.file_name.rpartition(".")[0] or one.file_name
    parts = {"stem": stem, "name": one.file_name, "parent": one.parent, "folder": one.folder}
    return _FIELD.sub(lambda field: parts[field[1]], template).strip("/")


def _repeated(names: Sequence[str]) -> set[str]:
    return {name for name, times in Counter(map(folded_name, names)).items() if times > 1}


def folded_name(name: str) -> str:
    """The name without its case and its Unicode form, which some file systems do not distinguish."""
    return unicodedata.normalize("NFC", name).casefold()


def unusable(name: str) -> str:
    """Why a transcript cannot have this name below the folder of the batch; empty if it can."""
    parts = name.replace("\\", "/").split("/")
    if any(part in {"", ".", ".."} for part in parts) or re.match(r"[A-Za-z]:", name):
        return "which is not inside the folder of the transcripts"
    if any(part.startswith(".") for part in parts[:1]):
        return "which is hidden"
    if any(len(part.encode("utf-8", "replace")) > LONGEST_BYTES for part in parts):
        return "which is too long"
    return ""


LONGEST_BYTES = 240  # a name on a disk has at most 255, and a suffix follows
