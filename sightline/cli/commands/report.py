"""`sightline report`: write a report, and check that one is as it was written."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import ConfigError
from domain.records import AuditEntry
from domain.report_files import PeriodName, ReportFormat, ReportRequest
from reports.export.seal import Check, Outcome, check_seal
from sightline.cli.console import EXIT_FAILED, escape_for_console, out, say, without_traceback, write_json
from sightline.cli.options import JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.config.text_file import read_bytes
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

app = typer.Typer(help="Write a report of usable time, or check one.", invoke_without_command=True)

MOST_BYTES = 512 << 20
_DAY = ["%Y-%m-%d"]
"""How a day is typed."""

SinceOption = Annotated[datetime | None, typer.Option("--since", formats=_DAY, help="First day, such as 2026-11-01.")]
UntilOption = Annotated[datetime | None, typer.Option("--until", formats=_DAY, help="Last day, included.")]
OutOption = Annotated[Path | None, typer.Option("--out", "-o", help="File to write; else a name that says what it is.")]


@app.callback()
@without_traceback
def report(
    context: typer.Context,
    *,
    period: Annotated[PeriodName, typer.Option(help="A period by name.")] = PeriodName.LAST_WEEK,
    since: SinceOption = None,
    until: UntilOption = None,
    site: Annotated[str, typer.Option(help="Only this site.")] = "",
    group: Annotated[str, typer.Option(help="Only this group.")] = "",
    camera: Annotated[str, typer.Option(help="Only this camera.")] = "",
    form: Annotated[ReportFormat, typer.Option("--format", "-f", help="html, pdf, csv or json.")] = ReportFormat.HTML,
    path: OutOption = None,
    settings: SettingsOption = None,
) -> None:
    """Write a report of usable time: the last week, unless --period or --since and --until name another."""
    if context.invoked_subcommand is not None:
        return
    from sightline.services.report_maker import make_report_maker  # noqa: PLC0415 - loads what draws

    chosen = load_command_settings(settings)
    first, last = (None if day is None else day.date() for day in (since, until))
    request = ReportRequest(period, first, last, site, group, camera)
    clock = SystemClock()
    with command_stores(chosen, clock) as stores:
        made = make_report_maker(chosen, stores.reports, clock).make(request, form)
        about = (camera or (f"site {site}" if site else "every site"), made.name, camera, site)
        stores.audit.record(AuditEntry(clock.now(), choose_person(""), "export report", *about))
    target = path or Path(made.name)
    try:
        target.write_bytes(made.content)
    except OSError as error:
        raise ConfigError(f"--out: cannot write {target}: {error.strerror}") from None
    say(f"wrote {target}")


_SAID = {
    Outcome.INTACT: "as it was written",
    Outcome.CHANGED: "NOT as it was written: something in it was changed, be it only line ends, or it was signed with "
    "another key; ask for the file as Sightline sent it",
    Outcome.NOT_SEALED: "not sealed: no report of Sightline, or its last line is gone",
    Outcome.NOT_SIGNED: "its hash fits, but it is NOT signed, although these settings hold a key: it was written "
    "without the key, or changed and sealed again; compare its hash with one that was kept elsewhere",
}


@app.command()
@without_traceback
def verify(
    path: Annotated[Path, typer.Argument(help="A report in any format.")],
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether a report is as it was written; exit status 1 where it is not."""
    try:
        content = read_bytes(path, most_bytes=MOST_BYTES)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    check = check_seal(content, load_command_settings(settings).reports.signing_key.strip())
    if as_json:
        write_json(_as_json(path, check))
    else:
        out.print(escape_for_console(f"{path}: {_SAID[check.outcome]}"))
        if check.sha256:
            out.print(escape_for_console(f"SHA-256 {check.sha256}"))
            out.print(escape_for_console(_describe_signature(check)))
    if check.outcome is not Outcome.INTACT:
        raise typer.Exit(EXIT_FAILED)


def _describe_signature(check: Check) -> str:
    if check.signed:
        return "signed with the key of these settings (HMAC-SHA256)"
    if check.has_signature and check.signed is None:
        return "signed, but these settings hold no reports.signing_key to check it with"
    if check.has_signature:
        return "its signature does not fit the key of these settings"
    if check.outcome is Outcome.NOT_SIGNED:
        return "not signed"
    return (
        "not signed: whoever changes a file can write a new hash; compare this one with a hash that was kept elsewhere"
    )


def _as_json(path: Path, check: Check) -> dict[str, Any]:
    return {
        "file": str(path),
        "outcome": check.outcome.value,
        "format": check.form.value,
        "sha256": check.sha256,
        "has_signature": check.has_signature,
        "signed": check.signed,
    }
