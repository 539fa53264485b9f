"""Looks at everything Sightline needs and says of each either that it is well or what to do."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import av
import torch
from sqlalchemy import make_url

from detectors import runtime
from detectors.registry import METRICS
from detectors.saliency_iqa.detector import fast_precision
from detectors.standing import State
from domain.addresses import parse_address
from domain.errors import ConfigError, StoreUnavailable
from domain.quality import Fault
from domain.urls import shown
from sightline.chosen_models import chosen_detectors, model_standings
from sightline.doctor_services import chosen_services
from sightline.findings import Finding, Health, looked_at
from sightline.settings import Settings
from storage.engine import PostgresTls, open_engine
from storage.migrate import current, newest
from workers.device import resolved_device, use_threads

NEEDED_CODECS = ("h264", "hevc", "mpeg4", "mjpeg")
LEAST_FREE_BYTES = 1 << 30
CONNECT_TIMEOUT_S = 3.0


def findings(settings: Settings) -> Iterator[Finding]:
    """Yield every finding, one after the other; none stops the next."""
    for subject, look in _LOOKS.items():
        yield looked_at(subject, look, settings)
    yield from _models(settings)
    yield from chosen_services(settings)
    yield from _services(settings)


def _python(_settings: Settings) -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", Health.OK, found)


def _settings(settings: Settings) -> Finding:
    cameras = settings.domain_cameras()
    enabled = sum(camera.enabled for camera in cameras)
    return Finding("settings", Health.OK, f"{len(cameras)} cameras in the file, {enabled} of them watched")


def _codecs(_settings: Settings) -> Finding:
    missing = [name for name in NEEDED_CODECS if name not in av.codecs_available]
    if missing:
        return Finding(
            "codecs", Health.FAILED, f"PyAV lacks {', '.join(missing)}; reinstall it: pip install 'av>=18,<19'"
        )
    return Finding("codecs", Health.OK, f"{', '.join(NEEDED_CODECS)} and more (PyAV {av.__version__})")


def _device(settings: Settings) -> Finding:
    device = resolved_device(settings.device)
    threads = use_threads(settings.threads)
    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{threads} of {os.cpu_count()} cores compute scores"
    )
    return Finding("device", Health.OK, f"{device.type}, {name} (PyTorch {torch.__version__})")


def _networks(settings: Settings) -> Finding:
    """What runs the networks of learned models; PyTorch alone on a CPU works and takes twice as long."""
    device = resolved_device(settings.device)
    if device.type != "cpu":
        return Finding("networks", Health.OK, f"PyTorch {torch.__version__} on {device.type}")
    return Finding("networks", Health.OK if runtime.available() else Health.NOTE, runtime.described(fast_precision()))


def _detectors(settings: Settings) -> Finding:
    chosen = chosen_detectors(settings)
    count = len(chosen.detectors) + len(chosen.temporal)
    return Finding("detectors", Health.OK, f"{count} detectors, {len(METRICS)} metrics, {len(Fault)} faults")


def _models(settings: Settings) -> Iterator[Finding]:
    """Say of every model whether it is on and why; one that was asked for and is off is a failure."""
    try:
        for stands in model_standings(settings):
            asked = stands.choice.enabled is True or stands.choice.path is not None
            health = Health.OK if stands.state is State.ON else Health.FAILED if asked else Health.NOTE
            yield Finding(f"model {stands.model.name}", health, f"{stands.state}, {stands.said}")
    except ConfigError as error:
        yield Finding("models", Health.FAILED, str(error))


def _database(settings: Settings) -> Finding:
    address = make_url(settings.database)
    where = shown(settings.database)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return Finding("database", Health.NOTE, f"{where}: not there yet; sightline run creates it")
    engine = open_engine(settings.database, tls=PostgresTls(**settings.postgres.model_dump()))
    try:
        found = current(engine)
    except StoreUnavailable as error:
        if address.get_backend_name() == "sqlite":
            raise
        reason = str(error).removesuffix("; trying again")
        return Finding("database", Health.FAILED, f"{where}: {reason}; start Postgres, or correct 'database'")
    finally:
        engine.dispose()
    if found != newest():
        text = f"{where}: schema {found or 'empty'}; sightline run or migrate brings it up"
        return Finding("database", Health.NOTE, text)
    return Finding("database", Health.OK, f"{where}, schema {found}")


def _disk(settings: Settings) -> Finding:
    address = make_url(settings.database)
    if address.get_backend_name() != "sqlite":
        return Finding("disk", Health.OK, "the database keeps its own")
    folder = Path(str(address.database)).resolve().parent
    free = shutil.disk_usage(folder).free
    shown = f"{free / 2**30:.1f} GiB free beside the database"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", Health.FAILED, f"{shown}; free some, or shorten retention")
    return Finding("disk", Health.OK, shown)


def _page(settings: Settings) -> Finding:
    api = settings.api
    if not api.enabled:
        return Finding("page", Health.NOTE, "switched off (api.enabled)")
    where = f"{api.host}:{api.port}"
    family = socket.AF_INET6 if ":" in api.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((api.host, api.port))
        except OSError as error:
            text = f"{where} cannot be bound ({error.strerror}); is Sightline running already? Else change api.port"
            return Finding("page", Health.NOTE, text)
    return Finding("page", Health.OK, f"{where} is free, {'with' if api.token else 'without'} a token")


_LOOKS: dict[str, Callable[[Settings], Finding]] = {
    "python": _python,
    "settings": _settings,
    "codecs": _codecs,
    "device": _device,
    "networks": _networks,
    "detectors": _detectors,
    "database": _database,
    "disk": _disk,
    "page": _page,
}


def _services(settings: Settings) -> Iterator[Finding]:
    """Look whether each receiver can be reached; nothing is sent, and of its address only the host is shown."""
    wanted = [(f"webhook {hook.name}", hook.url) for hook in settings.notifiers.webhooks]
    if settings.heartbeat.url:
        wanted.append(("heartbeat", settings.heartbeat.url))
    for subject, url in wanted:
        yield looked_at(subject, partial(_reached, subject, url), settings)
    if not wanted:
        yield Finding(
            "services", Health.NOTE, "no webhook and no heartbeat: alerts are only in the log and on the page"
        )


def _reached(subject: str, url: str, _settings: Settings) -> Finding:
    address = parse_address(url)
    if address is None or not address.hostname:
        return Finding(subject, Health.FAILED, "no host in its address; write https://host/path")
    host = address.hostname.strip("[]")
    port = int(address.port or (443 if address.scheme.lower() == "https" else 80))
    try:
        socket.create_connection((host, port), CONNECT_TIMEOUT_S).close()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no answer"
        return Finding(subject, Health.FAILED, f"{host}:{port} cannot be reached ({reason}); check the network")
    return Finding(subject, Health.OK, f"{host}:{port} answers")
