"""`sightline cameras`: which cameras are watched."""

from dataclasses import replace
from typing import Annotated

import typer

from domain.cameras import Camera, RtspTransport
from domain.errors import ConfigError
from domain.ports import StreamStore
from domain.text.camera_urls import clean_camera_url, redact_url
from domain.text.names import clean_label, clean_name
from sightline.cli.commands.camera_files import export_cameras, import_cameras
from sightline.cli.commands.discovery import discover
from sightline.cli.console import (
    hide_url_secrets,
    read_address,
    say,
    show_table,
    without_traceback,
    write_json,
)
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.config.strict_yaml import key_for_message
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Add, list, remove, accept, test, find, import and export cameras.",
)
app.command("import")(import_cameras)
app.command("export")(export_cameras)
app.command("discover")(discover)

NameArgument = Annotated[str, typer.Argument(help="The camera's name.")]


@app.command()
@without_traceback
def add(
    name: NameArgument,
    url: Annotated[str, typer.Argument(help="Its address; `-` reads it from standard input.")],
    *,
    site: Annotated[str, typer.Option(help="Where it is.")] = "",
    group: Annotated[str, typer.Option(help="The switch or recorder it hangs on.")] = "",
    transport: Annotated[RtspTransport, typer.Option(help="How RTSP carries pictures.")] = RtspTransport.TCP,
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Watch a camera, or change one."""
    address = clean_camera_url(read_address(url), where="URL")
    name = clean_name(name, where="NAME")
    camera = Camera(
        name=name,
        url=address,
        site=clean_label(site, where="--site"),
        group=clean_label(group, where="--group"),
        transport=transport,
    )
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        known = stores.streams.camera(name) is not None
        _put(stores.streams, camera, by=choose_person(by))
    say(f"{'changed' if known else 'added'} {name}: {redact_url(address)}")


def _put(store: StreamStore, camera: Camera, *, by: str) -> None:
    """Add a camera, or change the address, place and transport of a known one: its masks and the like stay."""

    def change(known: Camera) -> Camera:
        return replace(known, url=camera.url, site=camera.site, group=camera.group, transport=camera.transport)

    now = SystemClock().now()
    if store.edit_camera(camera.name, change, by=by, at=now) is None:
        store.put_camera(camera, by=by, at=now)


@app.command("list")
@without_traceback
def list_cameras(settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """List the cameras, addresses without credentials."""
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        cameras = stores.streams.cameras()
    if json_lines:
        for camera in cameras:
            write_json(
                {
                    "name": camera.name,
                    "url": redact_url(camera.url),
                    "site": camera.site,
                    "group": camera.group,
                    "enabled": camera.enabled,
                    "accepted_at": camera.accepted_at.isoformat() if camera.accepted_at else None,
                }
            )
        return
    if not cameras:
        say("no cameras yet; add one with: sightline cameras add NAME URL")
        return
    show_table(("name", "site", "group", "watched", "address"), map(_camera_cells, cameras))


def _camera_cells(camera: Camera) -> tuple[str, ...]:
    return camera.name, camera.site, camera.group, "yes" if camera.enabled else "no", redact_url(camera.url)


@app.command()
@without_traceback
def remove(name: NameArgument, settings: SettingsOption = None, by: ByOption = "") -> None:
    """Retire a camera; its scores stay until their retention ends."""
    clock = SystemClock()
    with command_stores(load_command_settings(settings), clock) as stores:
        if not stores.streams.remove_camera(name, by=choose_person(by), at=clock.now()):
            raise _unknown_camera(name, stores.streams)
    say(f"removed {name}")


@app.command()
@without_traceback
def accept(name: NameArgument, settings: SettingsOption = None, by: ByOption = "") -> None:
    """Declare the present view of a camera normal, after it was moved or refocused on purpose."""
    clock = SystemClock()
    with command_stores(load_command_settings(settings), clock) as stores:
        if not stores.streams.accept_view(name, by=choose_person(by), at=clock.now()):
            raise _unknown_camera(name, stores.streams)
    say(f"accepted the present view of {name}; its baseline is learned again")


@app.command("test")
@without_traceback
def try_camera(
    name: NameArgument,
    seconds: Annotated[float, typer.Option("--for", min=0.1, help="Seconds to evaluate.")] = 10.0,
    settings: SettingsOption = None,
    json_lines: JsonOption = False,
) -> None:
    """Connect to a camera and evaluate it for some seconds; nothing is stored."""
    from sightline.cli.commands.watch import watch_camera  # noqa: PLC0415 - loads torch, which takes seconds

    chosen = load_command_settings(settings)
    with command_stores(chosen, SystemClock()) as stores:
        camera = stores.streams.camera(name)
        if camera is None:
            raise _unknown_camera(name, stores.streams)
    hide_url_secrets(camera.url)
    raise typer.Exit(watch_camera(camera, chosen, device=None, for_s=seconds, json_lines=json_lines))


def _unknown_camera(name: str, store: StreamStore) -> ConfigError:
    known = ", ".join(camera.name for camera in store.cameras()[:10]) or "none yet"
    return ConfigError(f"camera '{key_for_message(name)}': there is none of this name; known: {known}")
