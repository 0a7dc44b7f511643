"""Hot-word lists and temporary keys: requests over HTTP and their answers, both ends. Knows no HTTP and no clock."""

from collections.abc import Iterable
from dataclasses import dataclass

from asrcli.config import Secret
from asrcli.errors import ProtocolError
from asrcli.protocol.parsing import Json, need, text, whole
from asrcli.vocabulary import USUAL_WEIGHT, HotWord

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
class Create:
    """Make a list for a model."""

    model: str
    prefix: str
    words: tuple[HotWord, ...]


@dataclass(frozen=True, slots=True)
class Browse:
    """Say which lists there are, a page at a time; empty, the prefix is any."""

    prefix: str = ""
    page: int = 0
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Query:
    """Say what is in a list."""

    id: str


@dataclass(frozen=True, slots=True)
class Update:
    """Replace all the words of a list."""

    id: str
    words: tuple[HotWord, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a list."""

    id: str


Asked = Create | Browse | Query | Update | Delete


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A hot-word list of the service; its model and its words are known only to who asked for them."""

    id: str
    created: str
    modified: str
    status: str = READY
    model: str = ""
    words: tuple[HotWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A temporary key, and until when it is taken, in seconds since 1970."""

    key: Secret
    expires_at: int


def written(asked: Asked) -> Json:
    """The body of a request."""
    body: Json
    match asked:
        case Create(model, prefix, words):
            action = "create_vocabulary"
            body = {"target_model": model, "prefix": prefix, "vocabulary": _written(words)}
        case Browse(prefix, page, size):
            action = "list_vocabulary"
            body = ({"prefix": prefix} if prefix else {}) | {"page_index": page, "page_size": size}
        case Query(name):
            action, body = "query_vocabulary", {"vocabulary_id": name}
        case Update(name, words):
            action, body = "update_vocabulary", {"vocabulary_id": name, "vocabulary": _written(words)}
        case Delete(name):
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
            return Create(need(asked, "target_model", str), need(asked, "prefix", str), _words(asked))
        case "list_vocabulary":
            page, size = whole(asked, "page_index"), whole(asked, "page_size")
            return Browse(text(asked, "prefix"), page or 0, PAGE_SIZE if size is None else size)
        case "query_vocabulary":
            return Query(need(asked, "vocabulary_id", str))
        case "update_vocabulary":
            return Update(need(asked, "vocabulary_id", str), _words(asked))
        case "delete_vocabulary":
            return Delete(need(asked, "vocabulary_id", str))
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


def browsed(vocabularies: Iterable[Vocabulary]) -> Json:
    """The output to Browse."""
    return {"vocabulary_list": [{"vocabulary_id": each.id, **_dates(each)} for each in vocabularies]}


def queried(vocabulary: Vocabulary) -> Json:
    """The output to Query."""
    return {**_dates(vocabulary), "target_model": vocabulary.model, "vocabulary": _written(vocabulary.words)}


def minted(token: Token) -> Json:
    """A temporary key, as its answer has it."""
    return {"token": token.key.reveal(), "expires_at": token.expires_at}


def read_created(said: Json) -> str:
    """The id of a list that was made.

    Raises:
        ProtocolError: there is none.
    """
    found: str = need(said, "output.vocabulary_id", str)
    return found


def read_browsed(said: Json) -> tuple[Vocabulary, ...]:
    """A page of lists, without what is in them.

    Raises:
        ProtocolError: it is none.
    """
    return tuple(_vocabulary(need(each, "vocabulary_id", str), each) for each in _objects(said, "vocabulary_list"))


def read_queried(vocabulary_id: str, said: Json) -> Vocabulary:
    """A list with its words.

    Raises:
        ProtocolError: it is none.
    """
    return _vocabulary(vocabulary_id, need(said, "output", dict), tuple(map(_word, _objects(said, "vocabulary"))))


def read_minted(said: Json) -> Token:
    """A temporary key.

    Raises:
        ProtocolError: there is none. What came is not shown, for a key may be in it.
    """
    key, expires_at = text(said, "token"), whole(said, "expires_at")
    if not key or expires_at is None:
        raise ProtocolError("an answer without a key and its end")
    return Token(Secret(key), expires_at)


def _vocabulary(name: str, said: Json, words: tuple[HotWord, ...] = ()) -> Vocabulary:
    dates = text(said, "gmt_create"), text(said, "gmt_modified")
    return Vocabulary(name, *dates, text(said, "status"), text(said, "target_model"), words)


def _dates(vocabulary: Vocabulary) -> Json:
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
