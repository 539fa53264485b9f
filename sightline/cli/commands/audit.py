"""`sightline audit`: who changed, exported and looked at what, and who signed in."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from api.audit_file import AuditFormat, line_of, write_lines
from domain.access import AuditFilter
from domain.records import AuditEntry
from sightline.cli.console import show_table, without_traceback, write_json
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

_PAGE = 2000
_MOMENT = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


@without_traceback
def audit(
    *,
    since: Annotated[datetime | None, typer.Option(help="From this day or time on, UTC.", formats=_MOMENT)] = None,
    until: Annotated[datetime | None, typer.Option(help="Before this day or time, UTC.", formats=_MOMENT)] = None,
    who: Annotated[str | None, typer.Option("--who", help="Only what this person or key did.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this, such as 'sign in' or 'view picture'.")] = None,
    camera: Annotated[str | None, typer.Option(help="Only about this camera.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many lines, the latest first.")] = 100,
    every: Annotated[bool, typer.Option("--csv", help="Print every line as CSV, the latest first.")] = False,
    settings: SettingsOption = None,
    json_lines: JsonOption = False,
    by: ByOption = "",
) -> None:
    """Say who changed, acknowledged, exported and looked at what, and who signed in; nothing is ever deleted there."""
    clock, asked = SystemClock(), AuditFilter(_utc(since), _utc(until), who, action, camera)
    with command_stores(load_command_settings(settings), clock) as stores:
        if every:
            stores.audit.record(AuditEntry(clock.now(), choose_person(by), "export audit", "audit", "csv"))
            sys.stdout.write(write_lines((), AuditFormat.CSV, heading=True))
            while found := stores.audit.entries(asked, limit=_PAGE):
                sys.stdout.write(write_lines(found, AuditFormat.CSV, heading=False))
                asked = replace(asked, before=found[-1].number)
            return
        lines = stores.audit.entries(asked, limit=limit)
    if json_lines:
        for line in lines:
            write_json({name: _plain(value) for name, value in line_of(line).items()})
        return
    rows = ((f"{x.at:%Y-%m-%d %H:%M:%S}", x.by, x.via, x.client, x.action, x.subject, x.detail) for x in lines)
    show_table(("at (UTC)", "who", "by", "from", "what", "about", "detail"), rows)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)
