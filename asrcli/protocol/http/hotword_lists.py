"""Requests about hot-word lists and their answers: written and read by both ends. No I/O and no clock."""

from collections.abc import Iterable

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError
from asrcli.dashscope.hotwords import USUAL_WEIGHT, HotWord
from asrcli.protocol.json_messages import Json, need, text, whole

HOTWORD_LISTS_PATH = "/api/v1/services/audio/asr/customization"
REQUEST_MODEL = "speech-biasing"  # the "model" of each request; the model that a list is for is its target_model
PAGE_SIZE = 10
READY = "OK"  # the status of a list that can be used; before that it is UNDEPLOYED


@dataclass(frozen=True, slots=True)
class CreateList:
    """Create a list for a model."""

    model: str
    prefix: str
    words: tuple[HotWord, ...]


@dataclass(frozen=True, slots=True)
class BrowseLists:
    """Return one page of the lists whose ids have this prefix; an empty prefix selects all lists."""

    prefix: str = ""
    page: int = 0
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class QueryList:
    """Return the words of a list."""

    id: str


@dataclass(frozen=True, slots=True)
class UpdateList:
    """Replace all the words of a list."""

    id: str
    words: tuple[HotWord, ...]


@dataclass(frozen=True, slots=True)
class DeleteList:
    """Delete a list."""

    id: str


HotWordListRequest = CreateList | BrowseLists | QueryList | UpdateList | DeleteList


@dataclass(frozen=True, slots=True)
class HotWordList:
    """A hot-word list of the service. Only the answer to QueryList gives its model and its words."""

    id: str
    created: str
    modified: str
    status: str = READY
    model: str = ""
    words: tuple[HotWord, ...] = ()


def write_request(request: HotWordListRequest) -> Json:
    """The body of a request."""
    fields: Json
    match request:
        case CreateList(model, prefix, words):
            action = "create_vocabulary"
            fields = {"target_model": model, "prefix": prefix, "vocabulary": _write_words(words)}
        case BrowseLists(prefix, page, size):
            action = "list_vocabulary"
            fields = {"page_index": page, "page_size": size}
            if prefix:
                fields = {"prefix": prefix, **fields}
        case QueryList(list_id):
            action = "query_vocabulary"
            fields = {"vocabulary_id": list_id}
        case UpdateList(list_id, words):
            action = "update_vocabulary"
            fields = {"vocabulary_id": list_id, "vocabulary": _write_words(words)}
        case DeleteList(list_id):  # pragma: no branch  a request is one of these five, which mypy checks
            action = "delete_vocabulary"
            fields = {"vocabulary_id": list_id}
    return {"model": REQUEST_MODEL, "input": {"action": action, **fields}}


def read_request(body: Json) -> HotWordListRequest:
    """The request in a body.

    Raises:
        ProtocolError: a field is missing or has the wrong type, or the action is unknown.
    """
    if need(body, "model", str) != REQUEST_MODEL:
        raise ProtocolError(f"model must be {REQUEST_MODEL}")
    fields = need(body, "input", dict)
    match need(fields, "action", str):
        case "create_vocabulary":
            return CreateList(need(fields, "target_model", str), need(fields, "prefix", str), _read_words(fields))
        case "list_vocabulary":
            page = whole(fields, "page_index") or 0
            size = whole(fields, "page_size")
            if size is None:
                size = PAGE_SIZE
            return BrowseLists(text(fields, "prefix"), page, size)
        case "query_vocabulary":
            return QueryList(need(fields, "vocabulary_id", str))
        case "update_vocabulary":
            return UpdateList(need(fields, "vocabulary_id", str), _read_words(fields))
        case "delete_vocabulary":
            return DeleteList(need(fields, "vocabulary_id", str))
    raise ProtocolError("unknown action")


def write_created(list_id: str) -> Json:
    """The output of the answer to CreateList."""
    return {"vocabulary_id": list_id}


def write_page(lists: Iterable[HotWordList]) -> Json:
    """The output of the answer to BrowseLists."""
    return {"vocabulary_list": [{"vocabulary_id": listed.id, **_write_dates(listed)} for listed in lists]}


def write_list(hotword_list: HotWordList) -> Json:
    """The output of the answer to QueryList."""
    return {
        **_write_dates(hotword_list),
        "target_model": hotword_list.model,
        "vocabulary": _write_words(hotword_list.words),
    }


def read_created(body: Json) -> str:
    """The id of the new list, from the answer to CreateList.

    Raises:
        ProtocolError: the answer has no id.
    """
    list_id: str = need(body, "output.vocabulary_id", str)
    return list_id


def read_page(body: Json) -> tuple[HotWordList, ...]:
    """The lists in the answer to BrowseLists, without their words.

    Raises:
        ProtocolError: the answer has no lists, or a list has no id.
    """
    return tuple(_read_list(need(entry, "vocabulary_id", str), entry) for entry in _objects(body, "vocabulary_list"))


def read_list(list_id: str, body: Json) -> HotWordList:
    """The list in the answer to QueryList, with its words.

    Raises:
        ProtocolError: the answer has no words, or one of them cannot be read.
    """
    return _read_list(list_id, need(body, "output", dict), tuple(map(_read_word, _objects(body, "vocabulary"))))


def _read_list(list_id: str, entry: Json, words: tuple[HotWord, ...] = ()) -> HotWordList:
    return HotWordList(
        id=list_id,
        created=text(entry, "gmt_create"),
        modified=text(entry, "gmt_modified"),
        status=text(entry, "status"),
        model=text(entry, "target_model"),
        words=words,
    )


def _write_dates(hotword_list: HotWordList) -> Json:
    return {"gmt_create": hotword_list.created, "gmt_modified": hotword_list.modified, "status": hotword_list.status}


def _write_words(words: Iterable[HotWord]) -> list[Json]:
    entries: list[Json] = []
    for word in words:
        entry: Json = {"text": word.text, "weight": word.weight}
        if word.language:
            entry["lang"] = word.language
        entries.append(entry)
    return entries


def _read_words(fields: Json) -> tuple[HotWord, ...]:
    need(fields, "vocabulary", list)
    return tuple(map(_read_word, _objects({"output": fields}, "vocabulary")))


def _objects(body: Json, name: str) -> list[Json]:
    entries: list[Json] = need(body, f"output.{name}", list)
    if not all(isinstance(entry, dict) for entry in entries):
        raise ProtocolError(f"field {name} has the wrong type")
    return entries


def _read_word(entry: Json) -> HotWord:
    weight = USUAL_WEIGHT
    if "weight" in entry:
        weight = need(entry, "weight", int)
    return HotWord(need(entry, "text", str), weight, text(entry, "lang"))
