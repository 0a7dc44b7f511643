"""Messages of every wire with any content, drawn by hypothesis."""

import json
from pathlib import Path

from hypothesis import strategies as st

from asrcli.core.message import Binary, Message, Text

GOLDEN = [
    message
    for wire in ("inference", "gummy", "realtime", "omni")
    for message in json.loads(Path(__file__).with_name("golden").joinpath(f"{wire}.json").read_text("utf-8")).values()
]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats()
    | st.text(max_size=8)
    | st.just(400).map(lambda zeros: 10**zeros),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def spoiled(message: object, path: list[int], junk: object) -> object:
    """The message with the field at a path, taken by its number at each level, replaced by junk."""
    if not path or not isinstance(message, dict) or not message:
        return junk
    key = sorted(message)[path[0] % len(message)]
    return message | {key: spoiled(message[key], path[1:], junk)}


MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.text(max_size=30).map(Text),
    st.binary(max_size=30).map(Binary),
    ANYTHING.map(json.dumps).map(Text),
    st.sampled_from(GOLDEN).map(json.dumps).map(Text),
    st.builds(spoiled, st.sampled_from(GOLDEN), st.lists(st.integers(0, 9), min_size=1, max_size=5), ANYTHING)
    .map(json.dumps)
    .map(Text),
)
