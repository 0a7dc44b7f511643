"""Hot-word lists and temporary keys: requests over HTTP and their answers, both ends. Knows no HTTP and no clock."""

from collections.abc import Iterable
from dataclasses import dataclass

from asrcli.core.errors import ProtocolError
from asrcli.core.settings import Secret
from asrcli.dashscope.hotwords import USUAL_WEIGHT, HotWord
from asrcli.protocol.json_messages import Json, need, text, whole

PATH = "/api/v1/services/audio/asr/customization"
TOKENS = "/api/v1/tokens"
MODEL = "speech-biasing"
PAGE_SIZE = 10
READY = "OK"  # until then a list is UNDEPLOYED
EXPIRY_S = range(1, 1801)
USUAL_EXPIRY_S = 60

_STATUS = {
    "InvalidApiKey": 401,
    "AccessDenied": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "RequestTimeOut": 408,
    "RequestTooLarge": 413,
    "Throttling": 429,
    "Throttling.AllocationQuota": 429,
    "InternalError": 500,
    "ServiceUnavailable": 503,
}


@dataclass(frozen=True, slots=True)
class CreateList:
    """Make a list for a model."""

    model: str
    prefix: str
    words: tuple[HotWord, ...]


@dataclass(frozen=True, slots=True)
class BrowseLists:
    """Say which lists there are, a page at a time; empty, the prefix is any."""

    prefix: str = ""
    page: int = 0
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class QueryList:
    """Say what is in a list."""

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


Asked = CreateList | BrowseLists | QueryList | UpdateList | DeleteList


@dataclass(frozen=True, slots=True)
class HotWordList:
    """A hot-word list of the service; its model and its words are known only to who asked for them."""

    id: str
    created: str
    modified: str
    status: str = READY
    model: str = ""
    words: tuple[HotWord, ...] = ()


@dataclass(frozen=True, slots=True)
class TemporaryKey:
    """A temporary key, and until when it is taken, in seconds since 1970."""

    key: Secret
    expires_at: int


def written(asked: Asked) -> Json:
    """The body of a request."""
    body: Json
    match asked:
        case CreateList(model, prefix, words):
            action = "create_vocabulary"
            body = {"target_model": model, "prefix": prefix, "vocabulary": _written(words)}
        case BrowseLists(prefix, page, size):
            action = "list_vocabulary"
            body = ({"prefix": prefix} if prefix else {}) | {"page_index": page, "page_size": size}
        case QueryList(name):
            action, body = "query_vocabulary", {"vocabulary_id": name}
        case UpdateList(name, words):
            action, body = "update_vocabulary", {"vocabulary_id": name, "vocabulary": _written(words)}
        case DeleteList(name):
            action, body = "delete_vocabulary", {"vocabulary_id": name}
    return {"model": MODEL, "input": {"action": action, **body}}


def read(body: Json) -> Asked:
    """The request in a body.

    Raises:
        ProtocolError: a field is missing or of the wrong kind, or nobody knows the action.
    """
    if need(body, "model", str) != MODEL:
        raise ProtocolError(f"model must be {MODEL}")
    asked = need(body, "input", dict)
    match need(asked, "action", str):
        case "create_vocabulary":
            return CreateList(need(asked, "target_model", str), need(asked, "prefix", str), _words(asked))
        case "list_vocabulary":
            page, size = whole(asked, "page_index"), whole(asked, "page_size")
            return BrowseLists(text(asked, "prefix"), page or 0, PAGE_SIZE if size is None else size)
        case "query_vocabulary":
            return QueryList(need(asked, "vocabulary_id", str))
        case "update_vocabulary":
            return UpdateList(need(asked, "vocabulary_id", str), _words(asked))
        case "delete_vocabulary":
            return DeleteList(need(asked, "vocabulary_id", str))
    raise ProtocolError("unknown action")


def answer(output: Json, request_id: str) -> Json:
    """What the server says to a request it has done."""
    return {"output": output, "usage": {"count": 1}, "request_id": request_id}


def failure(code: str, message: str, request_id: str) -> Json:
    """What the server says to any other."""
    return {"code": code, "message": message, "request_id": request_id}


def status(code: str) -> int:
    """The HTTP status of an error: that of a request that is wrong, if it is none of the server's own."""
    return _STATUS.get(code, 400)


def created(vocabulary_id: str) -> Json:
    """The output to Create."""
    return {"vocabulary_id": vocabulary_id}


def browsed(vocabularies: Iterable[HotWordList]) -> Json:
    """The output to Browse."""
    return {"vocabulary_list": [{"vocabulary_id": each.id, **_dates(each)} for each in vocabularies]}


def queried(vocabulary: HotWordList) -> Json:
    """The output to Query."""
    return {**_dates(vocabulary), "target_model": vocabulary.model, "vocabulary": _written(vocabulary.words)}


def minted(token: TemporaryKey) -> Json:
    """A temporary key, as its answer has it."""
    return {"token": token.key.reveal(), "expires_at": token.expires_at}


def read_created(said: Json) -> str:
    """The id of a list that was made.

    Raises:
        ProtocolError: there is none.
    """
    found: str = need(said, "output.vocabulary_id", str)
    return found


def read_browsed(said: Json) -> tuple[HotWordList, ...]:
    """A page of lists, without what is in them.

    Raises:
        ProtocolError: it is none.
    """
    return tuple(_vocabulary(need(each, "vocabulary_id", str), each) for each in _objects(said, "vocabulary_list"))


def read_queried(vocabulary_id: str, said: Json) -> HotWordList:
    """A list with its words.

    Raises:
        ProtocolError: it is none.
    """
    return _vocabulary(vocabulary_id, need(said, "output", dict), tuple(map(_word, _objects(said, "vocabulary"))))


def read_minted(said: Json) -> TemporaryKey:
    """A temporary key.

    Raises:
        ProtocolError: there is none. What came is not shown, for a key may be in it.
    """
    key, expires_at = text(said, "token"), whole(said, "expires_at")
    if not key or expires_at is None:
        raise ProtocolError("an answer without a key and its end")
    return TemporaryKey(Secret(key), expires_at)


def _vocabulary(name: str, said: Json, words: tuple[HotWord, ...] = ()) -> HotWordList:
    dates = text(said, "gmt_create"), text(said, "gmt_modified")
    return HotWordList(name, *dates, text(said, "status"), text(said, "target_model"), words)


def _dates(vocabulary: HotWordList) -> Json:
    return {"gmt_create": vocabulary.created, "gmt_modified": vocabulary.modified, "status": vocabulary.status}


def _written(words: Iterable[HotWord]) -> list[Json]:
    return [
        {"text": word.text, "weight": word.weight} | ({"lang": word.language} if word.language else {})
        for word in words
    ]


def _words(asked: Json) -> tuple[HotWord, ...]:
    need(asked, "vocabulary", list)
    return tuple(map(_word, _objects({"output": asked}, "vocabulary")))


def _objects(said: Json, name: str) -> list[Json]:
    found: list[Json] = need(said, f"output.{name}", list)
    if not all(isinstance(each, dict) for each in found):
        raise ProtocolError(f"field {name} has the wrong type")
    return found


def _word(value: Json) -> HotWord:
    weight = need(value, "weight", int) if "weight" in value else USUAL_WEIGHT
    return HotWord(need(value, "text", str), weight, text(value, "lang"))
