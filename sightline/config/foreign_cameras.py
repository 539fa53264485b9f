"""Reads the cameras of a configuration of Frigate, go2rtc or mediamtx, by the formats that these document.

A configuration comes from elsewhere: an address of this machine itself is left out unless it is allowed, and what is
no address of a camera (a command, a publisher, a device) is left out with its reason.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from domain.cameras import Camera, RtspTransport
from domain.errors import ConfigError
from domain.text.addresses import parse_address
from domain.text.camera_urls import clean_camera_url
from domain.text.names import clean_name
from sightline.config.imported_cameras import CameraFile, ImportedCamera
from sightline.config.own_machine import is_this_machine
from sightline.config.settings_file import MAX_SETTINGS_BYTES
from sightline.config.strict_yaml import key_for_message, parse_yaml
from sightline.config.text_file import read_text

_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
_FRIGATE_VARIABLE = re.compile(r"\{(FRIGATE_[A-Z0-9_]{1,64})\}")
_GO2RTC_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,63})(?::([^}]{0,1024}))?\}")
_RESTREAM_PORTS = frozenset({"8554", ""})


class FileKind(StrEnum):
    """What a file of cameras is."""

    CSV = "csv"
    FRIGATE = "frigate"
    GO2RTC = "go2rtc"
    MEDIAMTX = "mediamtx"


class _Skip(Exception):
    """An entry that is left out, with the reason."""


@dataclass(frozen=True, slots=True)
class _Source:
    """An address as the file has it, and what else the file says about the camera."""

    url: str
    said: Mapping[str, Any] = field(default_factory=dict)


def read_foreign_cameras(
    path: Path, kind: FileKind | None = None, *, local: bool = False, environment: Mapping[str, str]
) -> CameraFile:
    """Return the cameras of a configuration; `kind` is found by its keys where it is None. Raises `ConfigError`.

    `local` allows addresses of this machine itself. `environment` fills in variables as the file's own program does.
    """
    try:
        content = parse_yaml(read_text(path, most_bytes=MAX_SETTINGS_BYTES))
        if not isinstance(content, dict):
            raise ConfigError("expected keys and values, as in a configuration of Frigate, go2rtc or mediamtx")
        entries = list(_READERS[kind or _find_kind(content)](content, environment))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    cameras: dict[str, ImportedCamera] = {}
    problems: list[str] = []
    skipped: list[str] = []
    for where, name, find_source in entries:
        try:
            camera = _import_camera(where, name, find_source(), local=local)
            if camera.camera.name in cameras:
                raise ConfigError(f"{where}: '{camera.camera.name}' is the name of an earlier one")
            cameras[camera.camera.name] = camera
        except _Skip as reason:
            skipped.append(f"{where}: {reason}")
        except ConfigError as error:
            problems.append(f"{path}: {error}")
    return CameraFile(tuple(cameras.values()), tuple(problems), tuple(skipped))


_Entries = Iterator[tuple[str, str, Callable[[], _Source]]]
"""Where each camera is in the file, its name, and what finds its address, which may refuse or skip it."""


def _find_kind(content: Mapping[str, Any]) -> FileKind:
    if isinstance(content.get("cameras"), dict):
        return FileKind.FRIGATE
    if isinstance(content.get("cameras"), list):
        raise ConfigError("is a settings file of Sightline; run it, or list its cameras in CSV")
    if isinstance(content.get("streams"), dict):
        return FileKind.GO2RTC
    if isinstance(content.get("paths"), dict):
        return FileKind.MEDIAMTX
    raise ConfigError("holds no cameras (Frigate), streams (go2rtc) or paths (mediamtx)")


def _import_camera(where: str, name: str, source: _Source, *, local: bool) -> ImportedCamera:
    url = clean_camera_url(_require_camera_address(source.url, local=local), where=where)

    def edit(camera: Camera) -> Camera:
        return replace(camera, **source.said)

    return ImportedCamera(edit(Camera(clean_name(name, where=where), url)), edit)


def _require_camera_address(url: str, *, local: bool) -> str:
    address = parse_address(url)
    scheme = (address.scheme if address is not None else url.partition(":")[0]).lower()
    if address is None or scheme not in _SCHEMES:
        shown = f"'{scheme}:'" if scheme.isalnum() and len(scheme) <= 20 else "this"
        raise _Skip(f"{shown} is no address that Sightline reads; add the camera by its own rtsp:// address")
    if not local and is_this_machine(address.hostname):
        raise _Skip("is an address of this machine; name the camera's own, or allow it with --allow-local")
    return url


def _read_frigate(content: Mapping[str, Any], environment: Mapping[str, str]) -> _Entries:
    streams = _mapping(_mapping(content.get("go2rtc"), "go2rtc").get("streams"), "go2rtc.streams")
    for name, camera in _mapping(content.get("cameras"), "cameras").items():
        where = f"cameras.{key_for_message(name)}"
        yield where, str(name), partial(_frigate_source, camera, streams, where, environment)


def _frigate_source(camera: Any, streams: Mapping[Any, Any], where: str, environment: Mapping[str, str]) -> _Source:
    camera = _mapping(camera, where)
    ffmpeg = _mapping(camera.get("ffmpeg"), f"{where}.ffmpeg")
    inputs = ffmpeg.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs) or not inputs:
        raise _Skip("has no ffmpeg.inputs")
    # The stream that is recorded is the one that is looked at after an event.
    chosen = next((each for each in inputs if "record" in _words(each.get("roles"))), inputs[0])
    url = _fill(_text(chosen.get("path"), f"{where}.ffmpeg.inputs"), _FRIGATE_VARIABLE, environment, where)
    said: dict[str, Any] = {}
    if isinstance(camera.get("enabled"), bool):
        said["enabled"] = camera["enabled"]
    if _mapping(camera.get("onvif"), f"{where}.onvif").get("host"):
        said["ptz"] = True  # Frigate speaks ONVIF to turn a camera, and for nothing else
    arguments = chosen.get("input_args", ffmpeg.get("input_args"))
    if "preset-rtsp-udp" in _words(arguments):
        said["transport"] = RtspTransport.UDP
    restreamed = _restream_name(url)
    if restreamed is not None and restreamed in streams:
        url = _first_address(streams[restreamed], environment, where, _FRIGATE_VARIABLE)
    return _Source(url, said)


def _restream_name(url: str) -> str | None:
    """Return the name of the stream of Frigate's own go2rtc that an address is of, None for another address."""
    address = parse_address(url)
    if address is None or not is_this_machine(address.hostname) or address.port not in _RESTREAM_PORTS:
        return None
    return address.rest.removeprefix("/").partition("?")[0]


def _read_go2rtc(content: Mapping[str, Any], environment: Mapping[str, str]) -> _Entries:
    for name, sources in _mapping(content.get("streams"), "streams").items():
        where = f"streams.{key_for_message(name)}"
        yield (
            where,
            str(name),
            partial(_go2rtc_source, sources, where, environment),
        )


def _go2rtc_source(sources: Any, where: str, environment: Mapping[str, str]) -> _Source:
    return _Source(_first_address(sources, environment, where, _GO2RTC_VARIABLE))


def _first_address(sources: Any, environment: Mapping[str, str], where: str, variable: re.Pattern[str]) -> str:
    """Return the first source that is an address; what follows its # are go2rtc's own options."""
    texts = [each for each in (sources if isinstance(sources, list) else [sources]) if isinstance(each, str)]
    if not texts:
        raise _Skip("has no source")
    plain = [text.removeprefix("ffmpeg:").partition("#")[0] for text in texts]
    chosen = next((text for text in plain if text.partition(":")[0].lower() in _SCHEMES), plain[0])
    return _fill(chosen, variable, environment, where)


def _read_mediamtx(content: Mapping[str, Any], _environment: Mapping[str, str]) -> _Entries:
    defaults = _mapping(content.get("pathDefaults"), "pathDefaults")
    for name, entry in _mapping(content.get("paths"), "paths").items():
        where = f"paths.{key_for_message(name)}"
        yield (
            where,
            str(name),
            partial(_mediamtx_source, str(name), entry, defaults, where),
        )


def _mediamtx_source(name: str, path: Any, defaults: Mapping[Any, Any], where: str) -> _Source:
    entry = {**defaults, **_mapping(path, where)}
    if name.startswith("~") or name in ("all", "all_others"):
        raise _Skip("stands for many paths")
    source = entry.get("source", "publisher")
    if source in (None, "publisher", "redirect", "rpiCamera"):
        raise _Skip("is published to mediamtx and fetched from no camera; add the address that mediamtx serves it at")
    transport = entry.get("rtspTransport", entry.get("sourceProtocol"))
    said = {"transport": RtspTransport(transport)} if transport in ("tcp", "udp") else {}
    return _Source(_text(source, f"{where}.source"), said)


_READERS: Mapping[FileKind, Callable[[Mapping[str, Any], Mapping[str, str]], _Entries]] = {
    FileKind.FRIGATE: _read_frigate,
    FileKind.GO2RTC: _read_go2rtc,
    FileKind.MEDIAMTX: _read_mediamtx,
}


def _mapping(value: Any, where: str) -> Mapping[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{where}: expected keys and values")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where}: expected an address")
    return value


def _words(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else str(value).split()


def _fill(text: str, variable: re.Pattern[str], environment: Mapping[str, str], where: str) -> str:
    """Fill in the variables of an address. Raises `ConfigError` that names one that is not set."""

    def value(found: re.Match[str]) -> str:
        default = found[2] if variable.groups > 1 else None
        if found[1] not in environment and default is None:
            raise ConfigError(f"{where}: variable {found[1]} is not set; set it for this command")
        return environment.get(found[1], default or "")

    return variable.sub(value, text)
