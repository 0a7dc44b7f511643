"""The `dataclass` of the standard library, made for a quick start: it compiles `__init__` only after some uses.

The standard decorator writes up to eight methods as text and compiles them while a module is loaded. Of the 130 classes
that a start loads it uses few, and their methods took a third of its time. Most of these few are used once or twice:
setting the fields of thirty objects one by one takes as long as compiling `__init__` once. `often_made` is for the few
frozen classes that get dozens of objects in each second of a stream.
"""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import field
from functools import cache, partial
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass", "field", "often_made"]

Kind = TypeVar("Kind", bound=type)

_ABSENT = object()
# The number of objects of a class that are made without a compiled `__init__`: compiling it takes as long.
WITHOUT_COMPILING = 32
OFTEN_WITHOUT_COMPILING = 4  # the same number for a class that will certainly have many objects


class MadeByFactory:
    """Stands for a value that nobody has given and that a factory makes; shown as the standard library shows it."""

    def __repr__(self) -> str:
        return "<factory>"


class LazyInit:
    """Stands for the `__init__` of a class. When it is looked at or called often, it puts the real one in its place."""

    def __init__(self, kind: Any, *, frozen: bool) -> None:
        self._kind, self._frozen = kind, frozen
        self.often = False
        self.left = WITHOUT_COMPILING  # two threads may count as one: then one more object is made this way

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """What sets the fields of an object, or the compiled method. Two threads that come at once make the same."""
        if self.left > 0 and isinstance(instance, self._kind):  # `inspect` comes with the class as the object
            self.left -= 1
            return partial(self._fill, instance)
        method: Any = _init(self._kind, frozen=self._frozen, often=self.often)
        self._kind.__init__ = method
        return method.__get__(instance, owner)

    def _fill(self, instance: Any, /, *values: Any, **named: Any) -> None:
        """Set the fields as the compiled method does, which is used instead where the arguments do not fit."""
        fitted = _fitted(dataclasses.fields(self._kind), values, dict(named))
        if fitted is None:
            _init(self._kind, frozen=self._frozen)(instance, *values, **named)  # raises the error in the usual words
        put: Callable[[object, str, Any], None] = setattr
        if self._frozen:
            put = object.__setattr__
        for name, value in fitted:
            put(instance, name, value)
        if hasattr(self._kind, "__post_init__"):
            instance.__post_init__()


def _fitted(fields: "Iterable[dataclasses.Field[Any]]", values: Any, named: dict[str, Any]) -> Any:
    """The names of fields with their values; None where these arguments do not fit. Takes from `named` what it uses."""
    fitted = []
    by_place = iter(values)
    for each in fields:
        value = _ABSENT
        if each.init:
            if not each.kw_only:
                value = next(by_place, _ABSENT)
            if value is _ABSENT:
                value = named.pop(each.name, _ABSENT)
        if value is _ABSENT:
            value = each.default
            if value is dataclasses.MISSING and each.default_factory is not dataclasses.MISSING:
                value = each.default_factory()
            elif value is dataclasses.MISSING and each.init:
                return None
        if value is not dataclasses.MISSING:  # else `__post_init__` sets it
            fitted.append((each.name, value))
    if named or next(by_place, _ABSENT) is not _ABSENT:
        return None
    return fitted


def often_made(kind: Kind) -> Kind:
    """Create the objects of a class in half the time. A decorator above `dataclass(frozen=True, slots=True)`."""
    init: LazyInit = kind.__dict__["__init__"]
    init.often, init.left = True, OFTEN_WITHOUT_COMPILING
    return kind


def _init(kind: Any, *, frozen: bool, often: bool = False) -> Callable[..., None]:
    """The method that takes the values of the fields; those of `InitVar` are not known here."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_absent": MadeByFactory()}
    given: dict[bool, list[str]] = {False: ["self"], True: []}  # by whether they are given by name only
    lines: list[str] = []
    quick: list[str] = []  # for an object whose class is another one meanwhile, with the same slots, and not frozen
    for number, each in enumerate(dataclasses.fields(kind)):
        parameter = value = each.name
        if each.default is not dataclasses.MISSING:
            names[f"_default{number}"] = each.default
            parameter = f"{each.name}=_default{number}"
            if not each.init:
                value = f"_default{number}"
        elif each.default_factory is not dataclasses.MISSING:
            names[f"_make{number}"] = each.default_factory
            parameter = f"{each.name}=_absent"
            value = f"_make{number}()"
            if each.init:
                value = f"{value} if {each.name} is _absent else {each.name}"
        elif not each.init:
            continue  # `__post_init__` sets it
        if each.init:
            given[bool(each.kw_only)].append(parameter)
        quick.append(f"self.{each.name} = {value}")
        lines.append(f"_set(self, {each.name!r}, {value})" if frozen else quick[-1])
    if often:
        names |= {"_kind": kind, "_open": type(kind.__name__, (), {"__slots__": kind.__slots__})}
        lines = [
            "if self.__class__ is _kind:",  # not of a class that inherits
            *(f" {line}" for line in ("_set(self, '__class__', _open)", *quick, "self.__class__ = _kind")),
            "else:",
            *(f" {line}" for line in lines or ["pass"]),
        ]
    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join([*given[False], *["*"][: len(given[True])], *given[True]])
    exec(f"def __init__({parameters}):\n " + "\n ".join(lines or ["pass"]), names)  # noqa: S102  names of fields only
    method: Any = names["__init__"]
    method.__qualname__, method.__module__ = f"{kind.__qualname__}.__init__", kind.__module__
    method.__annotations__ = {each.name: each.type for each in dataclasses.fields(kind) if each.init}
    method.__annotations__["return"] = None
    return method  # type: ignore[no-any-return]


@cache
def _values_of(kind: Any) -> Callable[[Any], Any]:
    """A function that returns what of an object is compared."""
    names = [each.name for each in dataclasses.fields(kind) if each.compare]
    if not names:
        return lambda _: ()
    return attrgetter(*names)


def _values(self: object) -> Any:
    kind: Any = self.__class__
    return _values_of(kind)(self)


def _equal(self: object, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _values(self) == _values(other)


def _hash(self: object) -> int:
    return hash(_values(self))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_set(self: object, name: str, value: object) -> None:
    del value
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r} of {type(self).__qualname__}")


def _refuse_delete(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r} of {type(self).__qualname__}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_SHARED = {"__eq__": _equal, "__repr__": _repr}
_FROZEN = {"__hash__": _hash, "__setattr__": _refuse_set, "__delattr__": _refuse_delete}
_FROZEN_SLOTS = {"__getstate__": _state, "__setstate__": _restore}  # the usual ways set attributes


def _quick(cls: Any = None, /, *, frozen: bool = False, slots: bool = False) -> Any:
    """The decorator: fields and slots are those of the standard library, the methods are of this file."""
    if cls is None:
        return lambda decorated: _quick(decorated, frozen=frozen, slots=slots)
    if any(dataclasses.is_dataclass(base) for base in cls.__bases__):  # few inherit
        return dataclasses.dataclass(cls, frozen=frozen, slots=slots)
    own = set(cls.__dict__)
    cls.__doc__ = cls.__doc__ or cls.__name__  # without one the standard library reads the signature, which takes long
    kind = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
    params: Any = kind.__dataclass_params__  # the standard decorator looks here when it gets a class that inherits
    params.init = params.repr = params.eq = True
    params.frozen = frozen
    methods: dict[str, Any] = {"__init__": LazyInit(kind, frozen=frozen), **_SHARED}
    if frozen:
        methods |= _FROZEN
        if slots:
            methods |= _FROZEN_SLOTS
    elif "__eq__" not in own:
        methods["__hash__"] = None
    for name, method in methods.items():
        if name not in own:
            setattr(kind, name, method)
    return kind


if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = _quick
