"""A manifest: what its lines name, and what is said of those that cannot be read."""

import json

from hypothesis import given
from hypothesis import strategies as st

from asrcli.runs.batch.manifest import ManifestLine, parse_manifest

PATHS = st.text(st.characters(exclude_characters="\0\t\r\n", exclude_categories=["Cs"]), min_size=1).filter(
    lambda path: path.strip() and path[0] not in "#{\ufeff" and path != "path"
)


@given(paths=st.lists(st.tuples(PATHS, PATHS.map(str.strip))))
def test_both_forms_name_the_same(paths: list[tuple[str, str]]) -> None:
    """A table and JSON Lines say the same, whatever characters the names hold; an empty line names nothing."""
    rows = [ManifestLine(path, name) for path, name in paths]
    as_table = ["path\tname\n", "\n", *(f"{path}\t{name}\n" for path, name in paths)]
    as_json = [json.dumps({"path": path, "name": name, "speaker": 3}) for path, name in paths]
    assert parse_manifest(as_table, "m.tsv") == (rows, [])
    assert parse_manifest(as_json, "m.jsonl") == (rows, [])


def test_a_plain_list_of_paths_and_another_order_of_columns() -> None:
    """What `find` prints is a manifest, and a heading may put the name first or bring other columns."""
    assert parse_manifest(["\ufeffa b.wav\r\n", "# not this\n", "c.wav"], "-")[0] == [
        ManifestLine("a b.wav"),
        ManifestLine("c.wav"),
    ]
    assert parse_manifest(["name\tlength\tpath", "x\t3\ta.wav"], "-")[0] == [ManifestLine("a.wav", "x")]


def test_each_bad_line_is_named_with_its_number_and_the_rest_goes_on() -> None:
    """Nobody searches a manifest of thousands of lines."""
    lines = [
        "a.wav",
        "{",
        '{"name": "x"}',
        '{"path": 3}',
        "a\tb\tc",
        "\tname",
        "b\0.wav",
        "[]",
        '{"path": "z"}',
        "l" * 5000,
    ]
    found, problems = parse_manifest(lines, "m.jsonl")
    assert [one.path for one in found] == ["a.wav", "[]", "z"]
    assert list(map(str, problems)) == [
        "m.jsonl:2: not a JSON object: {",
        'm.jsonl:3: it has no "path"',
        "m.jsonl:4: path and name are texts",
        "m.jsonl:5: 3 columns, where there are 2: path, name",
        "m.jsonl:6: its path is empty",
        "m.jsonl:7: no file can have a name with a zero byte",
        "m.jsonl:10: a path of 5000 characters, which no file has",
    ]
