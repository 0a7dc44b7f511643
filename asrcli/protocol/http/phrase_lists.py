"""Requests about the hot-word lists of the oldest models, which are paths of the fine-tuning API. No I/O and no clock.

The server end alone: asr makes no such lists. `AsrPhraseManager` of the official SDKs is a client of it.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs, unquote

from asrcli.core.dataclass import dataclass
from asrcli.core.errors import ProtocolError, ServiceRefused
from asrcli.protocol.json_messages import Json, need, text

FINE_TUNES_PATH = "/api/v1/fine-tunes"
PHRASE_LISTS_PATH = f"{FINE_TUNES_PATH}/outputs"
TRAINING_TYPE = "compile_asr_phrase"
# All models of the service that take these lists. Only the first two are for live audio.
PHRASE_MODELS = frozenset(f"paraformer-{kind}v1" for kind in ("realtime-", "realtime-8k-", "", "8k-", "mtl-"))
PAGE_SIZE = 10


@dataclass(frozen=True, slots=True)
class WritePhrases:
    """Create a list, or replace the words of the one with this id.

    Attributes:
        model: The model that the list is for.
        weights: The weight of each word.
        id: The list whose words are replaced; empty to create one.
    """

    model: str
    weights: Mapping[str, int]
    id: str = ""


@dataclass(frozen=True, slots=True)
class BrowsePhrases:
    """Return one page of the lists; the first page is 1."""

    page: int = 1
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class QueryPhrases:
    """Say whether there is a list, and for which model."""

    id: str


@dataclass(frozen=True, slots=True)
class DeletePhrases:
    """Delete a list."""

    id: str


PhraseRequest = WritePhrases | BrowsePhrases | QueryPhrases | DeletePhrases


@dataclass(frozen=True, slots=True)
class PhraseList:
    """A hot-word list of the oldest models.

    Attributes:
        id: What a task names; the answers call it `finetuned_output`.
        job_id: The request that wrote the list last.
        created: When that was, as the service writes it.
        model: The model that the list is for.
        weights: The weight of each word; below 0 for words that recognition should avoid.
    """

    id: str
    job_id: str
    created: str
    model: str
    weights: Mapping[str, int]


def is_phrase_path(path: str) -> bool:
    """Whether a path, without a slash at its end, belongs to these requests."""
    return path in {FINE_TUNES_PATH, PHRASE_LISTS_PATH} or path.startswith(f"{PHRASE_LISTS_PATH}/")


def read_phrase_request(method: str, path: str, query: str, body: Json) -> PhraseRequest:
    """The request in a method, a path for which `is_phrase_path` is true, a query and a body (empty without one).

    Raises:
        ProtocolError: a field is missing or has the wrong type, or it asks for another kind of fine-tuning.
        ServiceRefused: the path does not take the method.
    """
    list_id = unquote(path.removeprefix(PHRASE_LISTS_PATH).removeprefix("/"))
    if path == FINE_TUNES_PATH and method == "POST":
        return _read_written(body)
    if path == PHRASE_LISTS_PATH and method == "GET":
        return BrowsePhrases(_number(query, "page_no", 1), _number(query, "page_size", PAGE_SIZE))
    if path not in {FINE_TUNES_PATH, PHRASE_LISTS_PATH} and method == "GET":
        return QueryPhrases(list_id)
    if path not in {FINE_TUNES_PATH, PHRASE_LISTS_PATH} and method == "DELETE":
        return DeletePhrases(list_id)
    takes = {FINE_TUNES_PATH: "POST", PHRASE_LISTS_PATH: "GET"}.get(path, "GET and DELETE")
    raise ServiceRefused("MethodNotAllowed", f"This path takes {takes} only.")


def _read_written(body: Json) -> WritePhrases:
    if need(body, "training_type", str) != TRAINING_TYPE:
        raise ProtocolError(f"training_type must be {TRAINING_TYPE}")
    weights = need(body, "hyper_parameters.phrase_list", dict)
    if not all(type(weight) is int for weight in weights.values()):
        raise ProtocolError("the weights in phrase_list must be whole numbers")
    return WritePhrases(need(body, "model", str), weights, text(body, "finetuned_output"))


def _number(query: str, name: str, usual: int) -> int:
    given = parse_qs(query).get(name, [str(usual)])[0]
    if not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise ProtocolError(f"{name} must be a whole number")
    return int(given)


def write_written(phrases: PhraseList) -> Json:
    """The output of the answer to WritePhrases."""
    return {
        "job_id": phrases.job_id,
        "status": "SUCCEEDED",
        "finetuned_output": phrases.id,
        "training_type": TRAINING_TYPE,
        "create_time": phrases.created,
    }


def write_phrases(phrases: PhraseList) -> Json:
    """The output of the answer to QueryPhrases. It has no words, as with the service."""
    return {
        "create_time": phrases.created,
        "finetuned_output": phrases.id,
        "job_id": phrases.job_id,
        "model": phrases.model,
        "output_type": "custom_resource",
    }


def write_phrases_page(asked: BrowsePhrases, page: Iterable[PhraseList], total: int) -> Json:
    """The output of the answer to BrowsePhrases; `total` is the number of lists on all pages."""
    lists = [write_phrases(phrases) for phrases in page]
    return {"page_no": asked.page, "page_size": asked.size, "total": total, "finetuned_outputs": lists}


def write_deleted(list_id: str) -> Json:
    """The output of the answer to DeletePhrases."""
    return {"finetuned_output": list_id}
