"""`sightline maintenance`: announce work on cameras, so that reports show its time and do not count it."""

import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from domain.errors import ConfigError
from domain.ports import Clock
from domain.quiet_times import MaintenanceSchedule
from domain.text.names import clean_label, clean_line
from domain.verdict_time import MaintenanceWindow
from sightline.cli.console import say, show_table, without_traceback, write_json
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.config.settings import Settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import Stores, command_stores
from sightline.services.maintenance_planner import StoredMaintenancePlanner

app = typer.Typer(
    no_args_is_help=True, help="Announce, list and withdraw maintenance: no message is sent, and reports leave it out."
)

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
    every: Annotated[str, typer.Option(metavar="RRULE", help="Repeat it, such as 'FREQ=WEEKLY;BYDAY=MO'.")] = "",
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
        if every:
            schedule = _schedule(window, every, str(chosen.reports.zones().of(site)))
            _make_planner(chosen, stores, clock).repeat(schedule)
            say(f"scheduled {schedule.schedule_id}: {_scope(window)}, {every}, from {schedule.first:%Y-%m-%d %H:%M}")
            return
        if camera and not any(change.stream_id == camera for change in stores.reports.watch_changes()):
            raise ConfigError(f"--camera: there was never a camera of the name '{camera}'")
        stores.reports.announce_maintenance(window, at=clock.now())
    say(f"announced {window.window_id}: {_scope(window)}, {began:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M %Z}")


@app.command()
@without_traceback
def start(
    camera: Annotated[str, typer.Argument(help="The camera that is worked on.")],
    hours: Annotated[float, typer.Option(help="How long it will take.")] = 1.0,
    reason: Annotated[str, typer.Option(help="What is done.")] = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Begin work on a camera now: no message about its faults is sent until it ends."""
    chosen, clock = load_command_settings(settings), SystemClock()
    reason = clean_line(reason, where="--reason")
    with command_stores(chosen, clock) as stores:
        if stores.streams.camera(camera) is None:
            raise ConfigError(f"CAMERA: there is no camera '{camera}'; see: sightline cameras list")
        window = _make_planner(chosen, stores, clock).start(
            camera, timedelta(hours=hours), reason=reason, by=choose_person(by)
        )
    say(f"announced {window.window_id}: camera {camera}, until {window.until:%Y-%m-%d %H:%M} UTC")


@app.command()
@without_traceback
def end(
    window_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """End maintenance now; a fault that is still there is announced within a minute."""
    chosen, clock = load_command_settings(settings), SystemClock()
    with command_stores(chosen, clock) as stores:
        if not _make_planner(chosen, stores, clock).end(window_id, by=choose_person(by)):
            raise ConfigError(f"ID: no maintenance '{window_id}' is running; see: sightline maintenance list")
    say(f"ended {window_id}")


@app.command("import")
@without_traceback
def import_calendar(
    file: Annotated[Path, typer.Argument(help="An iCalendar file (.ics).", exists=True, dir_okay=False)],
    *,
    camera: Annotated[str, typer.Option(help="Only this camera.")] = "",
    site: Annotated[str, typer.Option(help="Only this site; times without a zone are in its zone.")] = "",
    group: Annotated[str, typer.Option(help="Only this group.")] = "",
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Announce the events of a calendar, recurring ones too; the same file again changes nothing."""
    chosen, clock = load_command_settings(settings), SystemClock()
    with command_stores(chosen, clock) as stores:
        single, recurring = _make_planner(chosen, stores, clock).import_calendar(
            file.read_bytes(),
            camera=camera,
            site=clean_label(site, where="--site"),
            group=clean_label(group, where="--group"),
            by=choose_person(by),
        )
    say(f"announced {single} windows, scheduled {recurring} that recur")


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
    """Withdraw maintenance as if it had never been announced; of what recurs, the windows that have not begun."""
    clock, person = SystemClock(), choose_person(by)
    with command_stores(load_command_settings(settings), clock) as stores:
        ended = stores.quiet.remove_schedule(window_id, by=person, at=clock.now())
        if not ended and not stores.reports.withdraw_maintenance(window_id, by=person, at=clock.now()):
            raise ConfigError(f"ID: there is no maintenance '{window_id}'; see: sightline maintenance list")
    say(f"withdrew {window_id}")


def _in_site_time(at: datetime, settings: Settings, site: str) -> datetime:
    """Return a time with its zone: that given, else the site's."""
    return at if at.tzinfo is not None else at.replace(tzinfo=settings.reports.zones().of(site))


def _scope(window: MaintenanceWindow) -> str:
    named = (("camera", window.camera), ("site", window.site), ("group", window.group))
    return ", ".join(f"{what} {name}" for what, name in named if name) or "all cameras"


def _make_planner(settings: Settings, stores: Stores, clock: Clock) -> StoredMaintenancePlanner:
    return StoredMaintenancePlanner(stores.reports, stores.quiet, clock, settings.reports.zones().of)


def _schedule(window: MaintenanceWindow, rule: str, zone: str) -> MaintenanceSchedule:
    """Return recurring maintenance whose first window is this one."""
    local = ZoneInfo(zone)
    first, last = (at.astimezone(local).replace(tzinfo=None) for at in (window.since, window.until))
    return MaintenanceSchedule(
        schedule_id=window.window_id,
        first=first,
        minutes=round((last - first).total_seconds() / 60),
        rule=rule,
        zone=zone,
        camera=window.camera,
        site=window.site,
        group=window.group,
        reason=window.reason,
        by=window.by,
    )
