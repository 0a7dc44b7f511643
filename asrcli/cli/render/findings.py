"""The findings of an examination: a table for people, lines for a file, JSON for programs."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.text import Text

from asrcli.cli.render.stdout import print_json, print_lines
from asrcli.cli.render.tables import new_table, print_table
from asrcli.core.printable import harmless
from asrcli.runs.doctor.finding import Finding, Health

STYLES = {Health.OK: "green", Health.NOTE: "yellow", Health.WRONG: "bold red", Health.SKIPPED: "dim"}


def print_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print findings in their order.

    Raises:
        OutputError: standard output cannot be written.
        OutputClosed: its reader has closed the pipe.
    """
    if as_json:
        healthy = all(each.health is not Health.WRONG for each in findings)
        print_json({"version": 1, "healthy": healthy, "findings": [asdict(each) for each in findings]})
    elif sys.stdout is not None and sys.stdout.isatty():
        _table(findings)
    else:
        width = max((len(each.subject) for each in findings), default=0)
        for each in findings:
            print_lines(f"{each.health:<7} {each.subject:<{width}}  {_text(each)}")


def _text(finding: Finding) -> str:
    if finding.advice:
        return f"{finding.text} -> {finding.advice}"
    return finding.text


def _table(findings: Sequence[Finding]) -> None:
    table = new_table(pad_edge=False, show_header=False)
    for no_wrap in (True, True, False):
        table.add_column(no_wrap=no_wrap, overflow="fold")
    for each in findings:
        health = Text(each.health, STYLES[each.health])
        text = Text(harmless(each.text))
        if each.advice:
            text.append(f"\n-> {harmless(each.advice)}", "bold")
        table.add_row(health, Text(harmless(each.subject)), text)
    print_table(table)
