"""`asr doctor`: examines this machine, the key and the connection."""

import sys
from typing import Annotated

import typer

from asrcli.cli.console import print_message
from asrcli.cli.options.connection import ConnectionOptions, EndpointOptions, Local
from asrcli.cli.options.engine import EngineName
from asrcli.cli.options.groups import expand_option_groups
from asrcli.cli.options.logging import Debug
from asrcli.cli.options.output import AsJson
from asrcli.cli.options.panels import CONNECTION, FLAG
from asrcli.core.errors import ProblemsFound, UsageError

EXAMPLES = "Examples:\n\nasr doctor\n\nasr doctor --url ws://127.0.0.1:8090"

NoNetwork = Annotated[
    bool,
    typer.Option("--no-network", help="Open no connection.", metavar=FLAG, rich_help_panel=CONNECTION),
]


@expand_option_groups
def doctor(
    as_json: AsJson = False,
    no_network: NoNetwork = False,
    local: Local = False,
    engine: EngineName = None,
    *,
    connection_options: EndpointOptions,
    debug: Debug = False,
) -> None:
    """Check this machine, the key and the connection: what works, what does not, and what to do.

    With --local, check what asr --local needs, without key and network. Otherwise one second of speech is sent over
    each protocol of the service, which may charge for it. You can show the report to others: it contains no key, and ~
    instead of your home directory. Exit code 9 means that something is wrong.
    """
    del debug  # read by the error boundary
    from asrcli.cli.builders import doctor_checks
    from asrcli.cli.render.findings import print_findings
    from asrcli.runs.doctor import examination, finding

    given = connection_options
    # It refuses what --local and --engine do not go with.
    ConnectionOptions(
        given.url, given.region, given.workspace, given.api_key_file, given.proxy, given.ca, local, engine
    )
    if engine is not None and not local:
        raise UsageError(f"--engine {engine} without --local: a service has its own recognizers")
    if no_network and (given.proxy or given.ca):
        raise UsageError("--no-network with --proxy or --ca: no connection is opened")
    checks = doctor_checks.machine_checks(engine, local=local)
    if not local:
        checks.append(doctor_checks.service_check(given, network=not no_network))
    if sys.stderr is not None and sys.stderr.isatty():
        print_message(f"asr: checking everything at once; this takes at most {examination.WITHIN_S:.0f} seconds")
    findings = examination.examine(checks, doctor_checks.described_in_parts)
    print_findings(findings, as_json=as_json)
    if count := sum(each.health is finding.Health.WRONG for each in findings):
        raise ProblemsFound(count)
