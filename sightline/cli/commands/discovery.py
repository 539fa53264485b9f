"""`sightline cameras discover`: finds ONVIF cameras, reads their streams, and adds them."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from domain.cameras import Camera
from domain.errors import ConfigError, SourceUnavailable
from domain.text.names import clean_label
from ingest.connect.authentication import Login
from ingest.connect.endpoints import Endpoint, parse_endpoint
from ingest.onvif.device import OnvifDevice, read_device
from ingest.onvif.discovery import GROUP, DiscoveredDevice, find_devices
from ingest.onvif.session import DEVICE_PATH
from sightline.cli.commands.camera_files import apply_changes, show_changes
from sightline.cli.console import escape_for_console, out, redactor, say, without_traceback, write_json
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.config.discovered_cameras import FoundCamera, device_label, plan_discovered
from sightline.config.imported_cameras import CameraFile, plan_import
from sightline.config.own_machine import is_this_machine
from sightline.config.text_file import read_text
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

_AT_ONCE = 8
"""Cameras that are read side by side, each by one connection."""
_MOST_PASSWORD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Reading:
    """A camera that answered, and what was read of it, or why nothing was."""

    device: DiscoveredDevice
    read: OnvifDevice | None = None
    problem: str = ""


@without_traceback
def discover(
    hosts: Annotated[
        list[str] | None, typer.Argument(metavar="[HOST]...", help="Ask these cameras, and send no probe.")
    ] = None,
    *,
    user: Annotated[str, typer.Option("--user", help="An ONVIF user of the cameras.")] = "",
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="Its password; `-` reads it from standard input.")
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Add and change cameras; without it nothing changes.")] = False,
    profile: Annotated[str, typer.Option("--profile", help="The stream to take, by name; else the largest.")] = "",
    site: Annotated[str, typer.Option("--site", help="Where new cameras are.")] = "",
    group: Annotated[str, typer.Option("--group", help="The switch or recorder new cameras hang on.")] = "",
    interface: Annotated[
        str, typer.Option("--interface", help="The address of this machine's network card to ask by.")
    ] = "",
    wait: Annotated[float, typer.Option("--wait", min=0.1, max=60.0, help="Seconds to wait for answers.")] = 3.0,
    allow_local: Annotated[
        bool, typer.Option("--allow-local", help="Take cameras at addresses of this machine itself too.")
    ] = False,
    settings: SettingsOption = None,
    by: ByOption = "",
    json_lines: JsonOption = False,
) -> None:
    """Find ONVIF cameras by one probe, read their streams, and say what adding them would change."""
    login = _read_login(user, password_file)
    place = Camera("place", "", site=clean_label(site, where="--site"), group=clean_label(group, where="--group"))
    chosen = load_command_settings(settings)
    devices = _find(hosts or [], wait, interface, local=allow_local)
    readings = _read_all(devices, login, profile)
    with command_stores(chosen, SystemClock()) as stores:
        known = {camera.name: camera for camera in stores.streams.cameras()}
        found = plan_discovered(
            [_as_found_camera(each, login) for each in readings if each.read is not None], known, place
        )
        planned = plan_import(found.cameras, known)
        if json_lines:
            _write(readings, known)
        else:
            _show(readings, known, found)
            show_changes(planned)
        if add:
            apply_changes(stores.streams, planned, by=choose_person(by))
    done = "done" if add else "nothing was changed; --add does it"
    changing = sum(change.before != change.after for change in planned)
    say(f"{len(devices)} cameras answered, {changing} would be added or changed: {done}")


def _read_login(user: str, password_file: Path | None) -> Login:
    if not user:
        if password_file is not None:
            raise ConfigError("--password-file: needs --user")
        return Login()
    if password_file is None:
        password = typer.prompt("Password", hide_input=True, err=True) if sys.stdin.isatty() else ""
    elif str(password_file) == "-":
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = read_text(password_file, most_bytes=_MOST_PASSWORD_BYTES).rstrip("\r\n")
    if not password:
        raise ConfigError("--password-file: name a file that holds the password, or - for standard input")
    redactor.learn((password, quote(password, safe=""), quote(password)))
    return Login(user, password)


def _find(hosts: Sequence[str], wait: float, interface: str, *, local: bool) -> Sequence[DiscoveredDevice]:
    """Return who answers, or the hosts named. Raises `ConfigError` for a host that may not be asked."""
    if hosts:
        named = [DiscoveredDevice(_endpoint(host)) for host in hosts]
        for each in named:
            if not local and is_this_machine(each.endpoint.host):
                raise ConfigError(f"HOST: {each.endpoint.authority} is this machine; allow it with --allow-local")
        return named
    try:
        heard = find_devices(wait, target=GROUP, interface=interface)
    except SourceUnavailable as error:
        raise ConfigError(str(error)) from None
    own = [each for each in heard if is_this_machine(each.endpoint.host)]
    if own and not local:
        say(f"left out: {len(own)} at addresses of this machine itself; --allow-local takes them")
    return [each for each in heard if local or each not in own]


def _endpoint(host: str) -> Endpoint:
    address = host if "://" in host else f"http://{host}"
    try:
        endpoint = parse_endpoint(address)
    except SourceUnavailable as error:
        raise ConfigError(f"HOST: {error}") from None
    if endpoint.scheme not in ("http", "https"):
        raise ConfigError("HOST: write the camera's address, such as 192.0.2.10 or https://192.0.2.10:8443")
    target = endpoint.target if endpoint.target not in ("", "/") else DEVICE_PATH
    return Endpoint(endpoint.scheme, endpoint.host, endpoint.port, target)


def _read_all(devices: Sequence[DiscoveredDevice], login: Login, profile: str) -> Sequence[_Reading]:
    read: Callable[[DiscoveredDevice], _Reading] = partial(_read, login=login, profile=profile)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="onvif") as pool:
        return list(pool.map(read, devices))


def _read(device: DiscoveredDevice, login: Login, profile: str) -> _Reading:
    try:
        read = read_device(device.endpoint, login, reference=device.reference, profile=profile)
    except SourceUnavailable as error:
        return _Reading(device, problem=str(error))
    return _Reading(device, read)


def _as_found_camera(reading: _Reading, login: Login) -> FoundCamera:
    read, device = reading.read, reading.device
    assert read is not None
    name = device.name or " ".join(part for part in (read.maker, read.model) if part)
    return FoundCamera(device.endpoint.host, read.url, name, read.identity, login.user, login.password)


def _known_name(reading: _Reading, known: dict[str, Camera]) -> str:
    identity = reading.read.identity if reading.read is not None else reading.device.reference
    label = device_label(identity) if identity else ""
    return ", ".join(name for name, camera in known.items() if label and camera.device == label)


def _show(readings: Sequence[_Reading], known: dict[str, Camera], found: CameraFile) -> None:
    for each in readings:
        device, read = each.device, each.read
        said = [device.name, device.hardware if read is None else f"{read.maker} {read.model}".strip()]
        named = _known_name(each, known)
        said.append(f"known as {named}" if named else "")
        _line(f"{device.endpoint.authority}: {', '.join(filter(None, said)) or 'says no name'}")
        for stream in () if read is None else read.profiles:
            _line(f"  {'*' if read is not None and stream == read.chosen else ' '} {stream.describe()}")
        if each.problem:
            _line(f"    {each.problem}")
    for line in found.skipped:
        say(f"left out: {escape_for_console(line)}")


def _line(text: str) -> None:
    out.print(escape_for_console(text))


def _write(readings: Sequence[_Reading], known: dict[str, Camera]) -> None:
    for each in readings:
        read = each.read or OnvifDevice(each.device.endpoint, each.device.reference)
        write_json(
            {
                "address": each.device.endpoint.authority,
                "name": each.device.name,
                "maker": read.maker,
                "model": read.model,
                "firmware": read.firmware,
                "serial": read.serial,
                "identity": read.identity,
                "known_as": _known_name(each, known),
                "url": read.url,
                "streams": [
                    {"name": s.name, "codec": s.codec, "width": s.width, "height": s.height, "fps": s.fps}
                    for s in read.profiles
                ],
                "problem": each.problem,
            }
        )
