"""Adds and removes models of the user for `asr engines`, and says what was done."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from asrcli.cli.console import print_message
from asrcli.cli.options.values import parse_proxy
from asrcli.core.dataclass import dataclass
from asrcli.core.errors import UsageError, bare_url
from asrcli.protocol.language_codes import language_code
from asrcli.recognizers import factory, registry
from asrcli.recognizers.model_catalogue import DOCUMENTED
from asrcli.recognizers.model_downloads import ModelDownloads, checked_sum, sum_of
from asrcli.recognizers.model_folder import ModelUnusable, open_model
from asrcli.recognizers.model_store import FILES, Manifest, ModelStore, checked_languages
from asrcli.recognizers.sherpa_trial import try_model
from asrcli.recognizers.unpack import BadArchive, unpack
from asrcli.transport.download import Route, check_address

ENDINGS = (".tar.bz2", ".tar.gz", ".tgz", ".tar.xz", ".tar")


@dataclass(frozen=True)
class WantedModel:
    """What the options say about a model that is added."""

    name: str | None
    languages: str | None
    sha256: str | None
    proxy: str | None
    ca: Path | None


def _advice_for(what: str) -> str:
    """What to do about a name that no documented model has: it may be a language, or a part of a name."""
    code = language_code(what)
    if found := [name for name, model in DOCUMENTED.items() if code in model.languages or what in name]:
        return f"did you mean {found[0]}? asr engines pull lists all"
    return "asr engines pull lists them; any other: asr engines add URL"


def add(what: str, wanted: WantedModel, *, documented: bool) -> None:
    """Add the model in a folder, in an archive, at an address, or of a name in the table of documented models.

    Raises:
        UsageError: there is no such model, its name is taken, or its archive must not be used.
        EngineUnavailable: the model cannot be used.
        DownloadFailed: it cannot be fetched.
        OutputError: it cannot be written.
    """
    languages = checked_languages(wanted.languages)
    expected = checked_sum(wanted.sha256)
    url = ""
    if documented:
        model = DOCUMENTED.get(what)
        if model is None:
            raise UsageError(f"no documented model {what}", _advice_for(what))
        url = model.url
        languages = languages or model.languages
        expected = expected or model.sha256
    elif "://" in what:
        url = what
        check_address(url)
    name = wanted.name or _default_name(url or what)
    store = ModelStore()
    ModelDownloads(store.folder).remove_left(store.sources())
    store.check_free(name, factory.all_recognizers()[0])
    if not url and Path(what).is_dir():
        if expected:
            raise UsageError("--sha256 has no effect on a folder: it is for an archive")
        _add_folder(store, name, Path(what).absolute(), languages)
    elif not url:
        found = sum_of(Path(what))
        if expected and found != expected:
            raise UsageError(f"{what} has another checksum: SHA-256 {found}", "get it from a source that you trust")
        _add_archive(store, name, Path(what), Manifest(what, "", languages, found))
    else:
        route = Route(parse_proxy(wanted.proxy), None if wanted.ca is None else str(wanted.ca))
        _add_url(store, name, url, languages, expected, route)


def check_added(name: str) -> None:
    """Check that a model of this name was added.

    Raises:
        UsageError: there is none.
    """
    store = ModelStore()
    store.tidy()  # also where the model has lost its name already: it may be what is left of it
    store.find(name)


def remove(name: str) -> None:
    """Remove a model.

    Raises:
        UsageError: there is none of that name.
        OutputError: it cannot be removed.
    """
    store = ModelStore()
    ModelDownloads(store.folder).remove_left(store.sources())
    store.remove(name)
    print_message(f"asr: removed {name}")


def _default_name(place: str) -> str:
    last = place.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].replace("\\", "/").rstrip("/").rpartition("/")[2]
    if last in {"", ".", ".."}:
        last = Path(place).resolve().name
    return next((last.removesuffix(ending) for ending in ENDINGS if last.endswith(ending)), last)


def _add_folder(store: ModelStore, name: str, folder: Path, languages: tuple[str, ...]) -> None:
    _try(folder, languages)
    with store.new_folder() as new:
        info = store.keep(new, name, Manifest(str(folder), str(folder), languages))
    _announce(info)


def _add_archive(
    store: ModelStore, name: str, archive: Path, manifest: Manifest, tried: Callable[[], None] = lambda: None
) -> None:
    """Add the model in an archive; `tried` is called when it can be used, before it gets its name."""
    with store.new_folder() as new:
        print_message(f"asr: unpacking and trying {_default_name(manifest.source)} (SHA-256 {manifest.sha256})")
        unpack(archive, new / FILES)
        _try(new / FILES, manifest.languages)
        tried()
        info = store.keep(new, name, manifest)
    _announce(info)


def _add_url(store: ModelStore, name: str, url: str, languages: tuple[str, ...], expected: str, route: Route) -> None:
    from asrcli.cli.render.download_bar import download_bar

    with ExitStack() as stack:
        downloads = stack.enter_context(ModelDownloads(store.folder).taken(url))
        with download_bar(url) as progress:
            archive = downloads.fetch(progress, route)
        found = sum_of(archive)
        pinned = downloads.pinned()
        if (expected or pinned) and found != (expected or pinned):
            downloads.discard()
            said = "the one that was asked for" if expected else "that of the first download"
            raise UsageError(
                f"{bare_url(url)}: the archive was deleted: its SHA-256 {found} is not {said}, {expected or pinned}",
                "" if expected else f"if you trust the new one: --sha256 {found}",
            )
        manifest = Manifest(bare_url(url), "", languages, found)
        try:
            _add_archive(store, name, archive, manifest, lambda: downloads.pin(found))
        except (BadArchive, ModelUnusable):  # as after a power failure: what has come must not be used again
            downloads.discard()
            raise
        downloads.discard()


def _try(folder: Path, languages: tuple[str, ...]) -> None:
    """Look at a model, and where sherpa-onnx is installed, load it in another process."""
    open_model(folder)
    if registry.is_installed("sherpa_onnx"):
        try_model(folder, languages)


def _announce(info: registry.RecognizerInfo) -> None:
    print_message(f"asr: added {info.name} ({info.model}, {info.size_mb} MB): {info.description}")
    if info.languages is None:
        print_message("asr: its languages were not stated, so none is refused: --languages zh,en says them")
    if lacking := registry.missing(info):
        print_message(f"asr: it was not tried: {lacking}; {info.install_command}")
