"""The quick decorator against the one of the standard library: whatever a class is like, nobody can tell them apart."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asrcli.core.dataclass import OFTEN_WITHOUT_COMPILING, WITHOUT_COMPILING, LazyInit, dataclass, field, often_made
from asrcli.core.events import Final

NAMES = ("a", "b", "c", "d")
KINDS = ("plain", "default", "factory", "named", "hidden", "apart", "constant", "made")
FIELDS: dict[str, Callable[[], Any]] = {
    "plain": dataclasses.field,
    "default": lambda: field(default=7),
    "factory": lambda: field(default_factory=list),
    "named": lambda: field(kw_only=True),
    "hidden": lambda: field(default=8, repr=False),
    "apart": lambda: field(default=9, compare=False),
    "constant": lambda: field(default=5, init=False),
    "made": lambda: field(default_factory=list, init=False),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A class that `pickle` can find."""

    left: int
    right: tuple[int, ...] = ()


def both(kinds: list[str], *, frozen: bool, slots: bool) -> list[Any]:
    """The same class by the standard decorator and by ours."""
    order = sorted(kinds, key=lambda kind: kind != "plain")  # what has no default comes first
    made: list[Any] = []
    for decorator in (dataclasses.dataclass, dataclass):
        body: dict[str, Any] = {"__doc__": "Made here.", "__annotations__": {}, "__qualname__": "Made", "shared": 1}
        for name, kind in zip(NAMES, order, strict=False):
            body["__annotations__"][name] = int
            body[name] = FIELDS[kind]()
        body["__annotations__"]["shared"] = ClassVar[int]
        made.append(decorator(frozen=frozen, slots=slots)(type("Made", (), body)))
    return made


def outcome(function: Callable[[], Any]) -> Any:
    """What a function returns, or the type of the error."""
    try:
        return function()
    except (TypeError, AttributeError, ValueError) as exc:
        return type(exc)


def facts(kind: Any, values: list[int], named: dict[str, int]) -> list[Any]:
    """All that can be seen of a class and of an instance of it."""
    made, again = (outcome(lambda: kind(*values, **named)) for _ in range(2))
    known = [kind.__match_args__, hasattr(kind, "__slots__"), made]
    if isinstance(made, type):
        return [*known, outcome(lambda: str(inspect.signature(kind)))]
    other = outcome(lambda: dataclasses.replace(made, a=99))
    return [
        *known[:2],
        outcome(lambda: str(inspect.signature(kind))),
        repr(made),
        made == again,
        made == copy.copy(made) == copy.deepcopy(made),
        made == other,
        made == 3,
        repr(other),
        outcome(lambda: hash(made) == hash(again)),
        dataclasses.asdict(made),
        outcome(lambda: setattr(made, "a", 1)),
        repr(made),
        outcome(lambda: delattr(made, "a")),
    ]


@given(
    st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 3), max_size=4),
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 3), max_size=3),
    st.booleans(),
)
def test_nobody_can_tell_the_two_decorators_apart(
    kinds: list[str], frozen: bool, slots: bool, values: list[int], named: dict[str, int], compiled: bool
) -> None:
    """The same arguments are taken and refused; texts, comparison, hash, copies and changes are the same.

    So it is for the first objects of a class and, after its compiled `__init__`, for all others.
    """
    standard, ours = both(kinds, frozen=frozen, slots=slots)
    if compiled:
        assert inspect.isfunction(ours.__init__)
    assert facts(ours, values, named) == facts(standard, values, named)
    if frozen and slots:
        often = often_made(both(kinds, frozen=True, slots=True)[1])
        if compiled:
            assert inspect.isfunction(often.__init__)
        assert facts(often, values, named) == facts(standard, values, named)


def test_what_a_class_defines_itself_is_kept() -> None:
    """Methods of the class come before those of the decorator, and `__post_init__` is called with all fields set."""

    @dataclass
    class Own:
        first: int
        second: int = field(init=False)

        def __post_init__(self) -> None:
            self.second = self.first + 1

        def __eq__(self, other: object) -> bool:
            return other == self.second

        def __repr__(self) -> str:
            return "own"

        __hash__ = None  # type: ignore[assignment]

    for _ in range(2):
        assert (Own(1).second, Own(1) == 2, repr(Own(1))) == (2, True, "own")
        assert inspect.isfunction(Own.__init__)  # compiled for the second round
    assert Own.__doc__ == "Own"


def test_classes_inherit_fields_and_the_way_they_are_made() -> None:
    """A class below has the fields of the one above; one without the decorator is made as the one above."""

    @dataclass(frozen=True)
    class Above:
        a: int = 1

    @dataclass(frozen=True)
    class Below(Above):
        b: int = 2

    class Beside(Above):
        pass

    assert (Below(), Beside(3)) == (Below(1, 2), Beside(3))
    assert Above(3) != Beside(3)


def test_a_class_can_inherit_from_one_that_is_made_often() -> None:
    """Its objects are of that class, with what they were given, and as frozen; so are those of one without fields."""

    @often_made
    @dataclass(frozen=True, slots=True)
    class Above:
        a: int = 1

    @often_made
    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    class Beside(Above):
        pass

    assert inspect.isfunction(Above.__init__)
    assert inspect.isfunction(Empty.__init__)
    made = [Above(3), Beside(3), Empty()]
    assert [type(each) for each in made] == [Above, Beside, Empty]
    assert (made[1].a, made[0] == made[1], made[2] == Empty()) == (3, False, True)  # type: ignore[attr-defined]
    for each in made:
        with pytest.raises(dataclasses.FrozenInstanceError):
            each.a = 4  # type: ignore[attr-defined]


def test_a_class_of_many_objects_gets_its_method_early() -> None:
    """Another one is made without it for longer, because few classes are used that often."""
    often, seldom = (both(["plain"], frozen=True, slots=True)[1] for _ in range(2))
    often_made(often)
    for number in range(OFTEN_WITHOUT_COMPILING + 1):
        assert (often(number).a, seldom(number).a) == (number, number)
    assert inspect.isfunction(vars(often)["__init__"])
    assert isinstance(vars(seldom)["__init__"], LazyInit)


def test_a_class_of_somebody_else_can_inherit_with_the_standard_decorator() -> None:
    """A frozen class from a frozen one, as from a class of the standard library; the other way round is refused."""

    @dataclass(frozen=True)
    class Above:
        a: int = 1

    @dataclasses.dataclass(frozen=True)
    class Below(Above):
        b: int = 2

    assert Below(3) == Below(3, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Below().b = 3  # type: ignore[misc]
    with pytest.raises(TypeError, match="cannot inherit non-frozen"):

        @dataclasses.dataclass
        class Loose(Above):  # type: ignore[misc]
            pass


def test_a_frozen_value_goes_from_process_to_process() -> None:
    """Pickling restores the values of a class that refuses to be changed, also where none was made before."""
    data = pickle.dumps(Pair(1, (2,)))
    assert pickle.loads(data) == Pair(1, (2,))  # noqa: S301  written two lines above


def test_the_method_is_made_once_also_by_two_threads() -> None:
    """At first a class has a stand-in, then the method; two threads that come at once both get a value."""

    @dataclass(slots=True)
    class Late:
        a: int = 4

    assert [Late().a for _ in range(WITHOUT_COMPILING)] == [4] * WITHOUT_COMPILING
    assert isinstance(vars(Late)["__init__"], LazyInit)
    ready = Barrier(2)
    made: list[Late] = []

    def make() -> None:
        ready.wait(60)
        made.append(Late())

    threads = [Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert made == [Late(4), Late(4)]
    assert inspect.isfunction(vars(Late)["__init__"])


def test_the_public_events_show_what_they_take() -> None:
    """`help` of an event names its fields, before one was made."""
    assert list(inspect.signature(Final).parameters)[:4] == ["key", "begin_ms", "end_ms", "text"]


@pytest.mark.parametrize("wrong", [[], [1, (), 3]])
def test_wrong_arguments_are_refused_in_the_usual_words(wrong: list[Any]) -> None:
    """The message is that of any function, before the method is compiled and after it."""

    @dataclass(frozen=True, slots=True)
    class Fresh:
        left: int
        right: tuple[int, ...] = ()

    for _ in range(2):
        with pytest.raises(TypeError, match=r"Fresh\.__init__\(\)"):
            Fresh(*wrong)
        assert inspect.isfunction(Fresh.__init__)
