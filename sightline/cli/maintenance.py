"""`sightline maintenance`: announce work on cameras, so that reports show its time and do not count it."""

import secrets
from datetime import datetime
from typing import Annotated

import typer

from domain.errors import ConfigError
from domain.text.names import clean_label, clean_line
from domain.verdict_time import MaintenanceWindow
from sightline.cli.console import say, show_table, without_traceback, write_json
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.config.settings import Settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

app = typer.Typer(no_args_is_help=True, help="Announce, list and withdraw maintenance; reports leave its time out.")

_MOMENT = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M%z"]
SinceArgument = Annotated[datetime, typer.Argument(formats=_MOMENT, help="Begin, such as 2026-11-30T08:00, site time.")]
UntilArgument = Annotated[datetime, typer.Argument(formats=_MOMENT, help="End.")]


@app.command()
@without_traceback
def add(
    since: SinceArgument,
    until: UntilArgument,
    *,
    camera: Annotated[str, typer.Option(help="Only this camera.")] = "",
    site: Annotated[str, typer.Option(help="Only this site; times are in its zone.")] = "",
    group: Annotated[str, typer.Option(help="Only this group.")] = "",
    reason: Annotated[str, typer.Option(help="What is done.")] = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Announce maintenance, also afterwards; it holds for all cameras that match."""
    chosen = load_command_settings(settings)
    began, ended = (_in_site_time(at, chosen, site) for at in (since, until))
    if ended <= began:
        raise ConfigError("UNTIL: must be after SINCE")
    window = MaintenanceWindow(
        window_id=secrets.token_hex(4),
        since=began,
        until=ended,
        camera=camera,
        site=clean_label(site, where="--site"),
        group=clean_label(group, where="--group"),
        reason=clean_line(reason, where="--reason"),
        by=choose_person(by),
    )
    clock = SystemClock()
    with command_stores(chosen, clock) as stores:
        if camera and not any(change.stream_id == camera for change in stores.reports.watch_changes()):
            raise ConfigError(f"--camera: there was never a camera of the name '{camera}'")
        stores.reports.announce_maintenance(window, at=clock.now())
    say(f"announced {window.window_id}: {_scope(window)}, {began:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M %Z}")


@app.command("list")
@without_traceback
def list_windows(settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """List what was announced."""
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        windows = stores.reports.maintenance_windows()
    if json_lines:
        for window in windows:
            write_json(
                {
                    "id": window.window_id,
                    "since": window.since.isoformat(),
                    "until": window.until.isoformat(),
                    "camera": window.camera,
                    "site": window.site,
                    "group": window.group,
                    "reason": window.reason,
                    "by": window.by,
                }
            )
        return
    rows = (
        (w.window_id, f"{w.since:%Y-%m-%d %H:%M}", f"{w.until:%Y-%m-%d %H:%M}", _scope(w), w.reason) for w in windows
    )
    show_table(("id", "since (UTC)", "until (UTC)", "for", "reason"), rows)


@app.command()
@without_traceback
def remove(
    window_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Withdraw maintenance as if it had never been announced."""
    clock = SystemClock()
    with command_stores(load_command_settings(settings), clock) as stores:
        if not stores.reports.withdraw_maintenance(window_id, by=choose_person(by), at=clock.now()):
            raise ConfigError(f"ID: there is no maintenance '{window_id}'; see: sightline maintenance list")
    say(f"withdrew {window_id}")


def _in_site_time(at: datetime, settings: Settings, site: str) -> datetime:
    """Return a time with its zone: that given, else the site's."""
    return at if at.tzinfo is not None else at.replace(tzinfo=settings.reports.zones().of(site))


def _scope(window: MaintenanceWindow) -> str:
    named = (("camera", window.camera), ("site", window.site), ("group", window.group))
    return ", ".join(f"{what} {name}" for what, name in named if name) or "all cameras"
