"""The name of a recognizer that the other end says is text from a stranger."""

from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.printable import is_obeyed
from asrcli.protocol.engine_header import LONGEST, engine_name


@given(st.text())
def test_a_name_is_short_and_harmless(value: str) -> None:
    """Whatever a server writes into its header, it is one short line that no terminal obeys."""
    name = engine_name(value)
    assert len(name) <= LONGEST
    assert name == name.strip()
    assert not any(map(is_obeyed, name))


def test_an_ordinary_name_stays_as_it_is() -> None:
    """Also with a model after it."""
    assert engine_name("moonshine/tiny") == "moonshine/tiny"


def test_a_key_is_no_name() -> None:
    """A server that sends the key back puts it into no transcript."""
    assert "0123456789abcdef" not in engine_name("sk-0123456789abcdef0123456789abcdef")
