"""`sightline cameras import` and `export`: many cameras at once, from and to a file."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import ConfigError
from domain.ports import StreamStore
from domain.records import AuditEntry
from domain.text.camera_urls import redact_url
from sightline.cli.console import escape_for_console, hide_url_secrets, out, report_error, say, without_traceback
from sightline.cli.options import ByOption, SettingsOption, choose_person, load_command_settings
from sightline.config.camera_csv import COLUMNS, read_camera_csv, write_camera_csv
from sightline.config.environment import ENVIRONMENT
from sightline.config.foreign_cameras import FileKind, read_foreign_cameras
from sightline.config.imported_cameras import CameraFile, PlannedChange, keep_hidden_login, plan_import
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

_MAX_SHOWN = 10


@without_traceback
def import_cameras(
    path: Annotated[Path, typer.Argument(help="CSV, or a configuration of Frigate, go2rtc or mediamtx.")],
    *,
    kind: Annotated[
        FileKind | None, typer.Option("--from", help="What the file is.", show_default="found by its name and keys")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="OURS=THEIRS: a column of the CSV by another name; may be given again."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    allow_local: Annotated[
        bool, typer.Option("--allow-local", help="Take addresses of this machine itself from a configuration too.")
    ] = False,
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Add or change the cameras of a file: all of them or, where something is wrong, none."""
    found = _read(path, kind, column or [], local=allow_local)
    for each in found.cameras:
        hide_url_secrets(each.camera.url)
    for line in found.skipped:
        say(f"left out: {line}")
    if found.problems:
        report_error("\n".join(found.problems))
        raise ConfigError(f"{path}: nothing was imported; correct the lines named above")
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        known = {camera.name: camera for camera in stores.streams.cameras()}
        for camera in known.values():
            hide_url_secrets(camera.url)
        planned = plan_import(found.cameras, known)
        show_changes(planned)
        if not dry_run:
            apply_changes(stores.streams, planned, by=choose_person(by))
    names = ", ".join(change.after.name for change in planned[:_MAX_SHOWN])
    more = f" and {len(planned) - _MAX_SHOWN} more" if len(planned) > _MAX_SHOWN else ""
    done = "dry run: would import" if dry_run else "imported"
    say(f"{done} {len(planned)} cameras: {names}{more}" if planned else "the file names no camera to import")


def _read(path: Path, kind: FileKind | None, columns: Sequence[str], *, local: bool) -> CameraFile:
    if kind is None and path.suffix.lower() not in (".yaml", ".yml"):
        kind = FileKind.CSV
    if kind is FileKind.CSV:
        return read_camera_csv(path, keep_hidden_login, _read_mapping(columns))
    if columns:
        raise ConfigError("--column: only a CSV file has columns")
    return read_foreign_cameras(path, kind, local=local, environment=ENVIRONMENT)


def _read_mapping(columns: Sequence[str]) -> dict[str, str]:
    """Return our columns by the file's headers."""
    headers: dict[str, str] = {}
    for each in columns:
        ours, equals, theirs = each.partition("=")
        ours = ours.strip().lower()
        if not equals or not theirs.strip() or ours not in COLUMNS:
            raise ConfigError(f"--column: write OURS=THEIRS, such as url='RTSP address'; ours are {', '.join(COLUMNS)}")
        if theirs in headers or ours in headers.values():
            raise ConfigError("--column: a column is named twice; keep one")
        headers[theirs] = ours
    return headers


def show_changes(planned: Sequence[PlannedChange]) -> None:
    """Print a line for each camera: add, change or keep it, and what changes."""
    for change in planned:
        out.print(escape_for_console(f"{change.verb} {change.after.name}: {change.describe()}".rstrip(": ")))


def apply_changes(store: StreamStore, planned: Sequence[PlannedChange], *, by: str) -> None:
    """Store what an import changes."""
    now = SystemClock().now()
    for change in planned:
        if change.before == change.after:
            continue
        # Merged again: somebody may have edited the camera since.
        if store.edit_camera(change.after.name, change.source.merge, by=by, at=now) is None:
            store.put_camera(change.after, by=by, at=now)


@without_traceback
def export_cameras(
    path: Annotated[Path, typer.Argument(help="CSV file to write, readable by you alone.")],
    *,
    hide_logins: Annotated[
        bool,
        typer.Option("--hide-logins", help="Write *** for what an address hides; importing it keeps known logins."),
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """Write all cameras with all settings to a CSV file that `cameras import` reads."""
    clock = SystemClock()
    with command_stores(load_command_settings(settings), clock) as stores:
        cameras = stores.streams.cameras()
        said = "without logins" if hide_logins else "with logins"
        stores.audit.record(AuditEntry(clock.now(), choose_person(""), "export cameras", "every site", said))
    text = write_camera_csv(cameras, redact_url if hide_logins else str)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path}: is there already and is never overwritten; name another file") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    kept = "" if hide_logins else "; it holds the cameras' logins, so keep it where only you can read it"
    say(f"wrote {len(cameras)} cameras to {path}{kept}")
