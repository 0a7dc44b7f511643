"""From the options of `asr doctor` to the checks that it runs."""

from collections.abc import Iterator
from functools import partial

from asrcli.cli.advice import NAME_A_KEY, advice_for, described
from asrcli.cli.builders.api_key import find_key
from asrcli.cli.builders.configuration import check_user_file
from asrcli.cli.options.configured import documents_for
from asrcli.cli.options.connection import EndpointOptions
from asrcli.config.files import user_file
from asrcli.core.errors import AsrError, UsageError, bare_url
from asrcli.core.settings import ConnectionSettings, Secret
from asrcli.dashscope.endpoints import region_of, service_name
from asrcli.protocol.addresses import endpoint as check_address
from asrcli.recognizers import factory, registry
from asrcli.runs.doctor.engines import check_engine, missing_engines, subject
from asrcli.runs.doctor.examination import Check
from asrcli.runs.doctor.finding import Finding, note, ok, skipped, wrong
from asrcli.runs.doctor.microphones import check_microphones
from asrcli.runs.doctor.screen import check_terminal
from asrcli.runs.doctor.versions import check_versions

LATE_ENGINE = "this machine is slow, or busy now: try again"
LATE_NETWORK = "check the network and --url"


def machine_checks(engine: str | None, *, local: bool) -> list[Check]:
    """What is looked at on this machine, in the order in which it is shown.

    Raises:
        UsageError: there is no recognizer of that name.
    """
    infos = list(registry.PREFERRED)
    if local:
        infos = [factory.find(engine)]
    ready = [info for info in infos if not registry.missing(info)]
    judge = note
    if local:
        judge = wrong
    return [
        Check("versions", check_versions),
        Check("terminal", check_terminal),
        Check("settings", _settings),
        Check("microphone", check_microphones, "asr devices lists what there is"),
        Check("engines", partial(missing_engines, infos, needed=local)),
        *(Check(subject(info), partial(check_engine, info), LATE_ENGINE, judge) for info in ready),
    ]


def _settings() -> Iterator[Finding]:
    """Whether the settings files are valid: the user's own, and that of this folder."""
    try:
        check_user_file()
        documents = documents_for("mic")
    except AsrError as exc:
        yield wrong("settings", *described_in_parts(exc))
        return
    options = sum(len(entries) for document in documents for entries in document.tables.values())
    if options:
        yield ok("settings", f"{options} set; {user_file()}")
    else:
        yield ok("settings", f"none; asr config set writes {user_file()}")


def service_check(options: EndpointOptions, *, network: bool) -> Check:
    """What is looked at for a service: which one it is, the key, and with `network` the way to it."""
    return Check("network", partial(_service, options, network=network), LATE_NETWORK)


def described_in_parts(error: AsrError) -> tuple[str, str]:
    """What an error says, and what to do about it."""
    advice = advice_for(error)
    sentence = described(error)
    if isinstance(error, UsageError) and error.advice and not advice:
        advice = error.advice
    return sentence.removesuffix(f"; {advice}"), advice


def _service(options: EndpointOptions, *, network: bool) -> Iterator[Finding]:
    try:
        there = options.endpoint
        check_address(there.url, "/")
    except UsageError as exc:
        yield wrong("address", *described_in_parts(exc))
        return
    workspace = ""
    if options.workspace_asked:
        workspace = f", workspace {options.workspace_asked}"
    yield ok("address", f"{bare_url(there.url)} ({there.region or 'no known region'}{workspace})")
    known = bool(region_of(there.url))
    warnings: list[str] = []
    try:
        found = find_key(options.api_key_file, warnings.append, service_name(there.url))
    except UsageError as exc:
        yield wrong("key", *described_in_parts(exc))
        found = None
        key_is_wrong = True
    else:
        key_is_wrong = False
    yield from (note("key", text.removeprefix("asr: ")) for text in warnings)
    key: Secret | None = None
    if found is not None:
        key = found.key
        yield ok("key", f"{found.shown} from {found.place}")
    elif not key_is_wrong:
        yield _no_key(known=known)
    if not network:
        yield skipped("network", "not looked at (--no-network)")
        return
    yield from _network(options, ConnectionSettings(there.url, key, there.region, there.headers), keyless=known)


def _no_key(*, known: bool) -> Finding:
    if known:
        return wrong("key", "none", f"{NAME_A_KEY}; --local needs none")
    return ok("key", "none; this server may ask for none")


def _network(options: EndpointOptions, connection: ConnectionSettings, *, keyless: bool) -> Iterator[Finding]:
    from asrcli.runs.doctor.service import check_service

    connection = options.with_proxy(connection)
    keyless = keyless and connection.key is None
    yield from check_service(connection, described_in_parts, keyless=keyless)
