"""Context in messages of the inference wire, whatever a client puts there."""

import pytest

from asrcli.core.errors import ProtocolError
from asrcli.protocol.inference.context_messages import read_context


@pytest.mark.parametrize(
    ("context", "texts"),
    [(None, ()), ([None, {"content": "x"}, {"content": [{"text": "a"}, {"text": ""}, 1]}], ("a",))],
)
def test_context_is_read_as_far_as_it_is_text(context: object, texts: tuple[str, ...]) -> None:
    """Parts of another kind are passed over."""
    assert read_context({"context": context}) == texts


def test_context_that_is_no_list_is_a_mistake_of_the_client() -> None:
    """It is reported, with the field."""
    with pytest.raises(ProtocolError, match="field context has the wrong type"):
        read_context({"context": "x"})
