"""Checks everything Sightline needs; each finding says that it is well or what to do."""

import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import av
from sqlalchemy import make_url

from domain.errors import ConfigError, SightlineError, StoreUnavailable
from domain.text.camera_urls import redact_url
from sightline.config.settings import Settings
from sightline.doctor.finding import Finding, Health, describe_failure, run_check
from sightline.doctor.network_checks import check_network
from sightline.doctor.sign_in_check import SUBJECT, check_sign_in
from sightline.runtime.extras import describe_missing_package, find_missing_extra
from sightline.runtime.stores import open_configured_engine
from sightline.services.cluster_connections import make_kafka_settings, make_redis_live_state
from storage.sql.database.migrate import current_revision, newest_revision

NEEDED_CODECS = ("h264", "hevc", "mpeg4", "mjpeg")
MIN_FREE_BYTES = 1 << 30
WAIT_S = 6.0
"""Seconds that all other machines together have to answer: with what is looked at here, the doctor ends in ten."""

OutsideCheck = Callable[[Settings], Iterable[Finding]]


def run_checks(settings: Settings) -> Iterator[Finding]:
    """Yield every finding, one after the other; none stops the next.

    What asks another machine runs beside all else, and has `WAIT_S` in all however many services are mute.
    """
    asked = [_AskedService(subject, check, settings) for subject, check in _outside_checks(settings).items()]
    until_s = time.monotonic() + WAIT_S
    for subject, check in _CHECKS.items():
        yield run_check(subject, check, settings)
    yield from _check_scoring(settings)
    for service in asked:
        yield from service.findings(until_s)


class _AskedService:
    """A check of another machine in a thread of its own; one that hangs is left behind, and ends with the process."""

    def __init__(self, subject: str, check: OutsideCheck, settings: Settings) -> None:
        self._subject = subject
        self._results: list[list[Finding]] = []
        self._thread = threading.Thread(target=self._run, args=(check, settings), daemon=True, name="doctor")
        self._thread.start()

    def _run(self, check: OutsideCheck, settings: Settings) -> None:
        try:
            self._results.append(list(check(settings)))
        except Exception as error:  # noqa: BLE001 - as for run_check: a foreign error may quote a password
            self._results.append([describe_failure(self._subject, error)])

    def findings(self, until_s: float) -> list[Finding]:
        """Return what was found by then, on the clock of `time.monotonic`."""
        self._thread.join(max(0.0, until_s - time.monotonic()))
        if self._results:
            return self._results[0]
        return [Finding(self._subject, Health.FAILED, "did not answer in time; check that it runs, and the network")]


def _outside_checks(settings: Settings) -> dict[str, OutsideCheck]:
    """Return the checks that ask another machine, by subject."""
    single = {"database": _check_database, **_cluster_checks(settings)}
    return {
        **{subject: partial(_check_alone, subject, check) for subject, check in single.items()},
        "network": check_network,
        SUBJECT: _check_sign_in,
    }


def _check_alone(subject: str, check: Callable[[Settings], Finding], settings: Settings) -> tuple[Finding]:
    return (run_check(subject, check, settings),)


def _check_sign_in(settings: Settings) -> Iterator[Finding]:
    found = check_sign_in(settings)
    if found is not None:
        yield found


def _check_python(_settings: Settings) -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", Health.OK, found)


def _check_settings(settings: Settings) -> Finding:
    cameras = settings.domain_cameras()
    enabled = sum(camera.enabled for camera in cameras)
    return Finding("settings", Health.OK, f"{len(cameras)} cameras in the file, {enabled} of them watched")


def _check_codecs(_settings: Settings) -> Finding:
    missing = [name for name in NEEDED_CODECS if name not in av.codecs_available]
    if missing:
        return Finding(
            "codecs", Health.FAILED, f"PyAV lacks {', '.join(missing)}; reinstall it: pip install 'av>=18,<19'"
        )
    return Finding("codecs", Health.OK, f"{', '.join(NEEDED_CODECS)} and more (PyAV {av.__version__})")


def _check_scoring(settings: Settings) -> Iterator[Finding]:
    """Look at what scores frames, where its packages are installed; what only ingests, serves or tells needs none."""
    try:
        from sightline.doctor.scoring_checks import run_scoring_checks  # noqa: PLC0415 - loads torch
    except ModuleNotFoundError as error:
        if find_missing_extra(error) != "models":
            raise
        text = "cannot score frames, and can ingest, serve and dispatch; " + describe_missing_package(
            error, wanted="scoring"
        )
        yield Finding("scoring", Health.NOTE, text)
        return
    yield from run_scoring_checks(settings)


def _check_database(settings: Settings) -> Finding:
    address = make_url(settings.database)
    where = redact_url(settings.database)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return Finding("database", Health.NOTE, f"{where}: not there yet; sightline run creates it")
    engine = open_configured_engine(settings)
    try:
        found = current_revision(engine)
    except StoreUnavailable as error:
        if address.get_backend_name() == "sqlite":
            raise
        reason = str(error).removesuffix("; trying again")
        return Finding("database", Health.FAILED, f"{where}: {reason}; start Postgres, or correct 'database'")
    finally:
        engine.dispose()
    if found != newest_revision():
        text = f"{where}: schema {found or 'empty'}; sightline run or migrate brings it up"
        return Finding("database", Health.NOTE, text)
    return Finding("database", Health.OK, f"{where}, schema {found}")


def _check_disk(settings: Settings) -> Finding:
    address = make_url(settings.database)
    if address.get_backend_name() != "sqlite":
        return Finding("disk", Health.OK, "the database keeps its own")
    folder = Path(str(address.database)).resolve().parent
    free = shutil.disk_usage(folder).free
    shown = f"{free / 2**30:.1f} GiB free beside the database"
    if free < MIN_FREE_BYTES:
        return Finding("disk", Health.FAILED, f"{shown}; free some, or shorten retention")
    return Finding("disk", Health.OK, shown)


def _check_page(settings: Settings) -> Finding:
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


_CHECKS: dict[str, Callable[[Settings], Finding]] = {
    "python": _check_python,
    "settings": _check_settings,
    "codecs": _check_codecs,
    "disk": _check_disk,
    "page": _check_page,
}


def check_cluster_services(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each service of the cluster that is configured."""
    for subject, check in _cluster_checks(settings).items():
        yield run_check(subject, check, settings)


def _cluster_checks(settings: Settings) -> dict[str, Callable[[Settings], Finding]]:
    needed: dict[str, Callable[[Settings], Finding]] = {}
    if settings.queue.kind == "kafka":
        needed["kafka"] = _check_kafka
    if settings.live.kind == "redis":
        needed["redis"] = _check_redis
    return needed


def _check_kafka(settings: Settings) -> Finding:
    broker = make_kafka_settings(settings.queue)
    from transport.kafka.topics import count_partitions  # noqa: PLC0415 - only where it is chosen

    servers = ", ".join(settings.queue.servers)
    found = count_partitions(broker)
    if found is None:
        return Finding("kafka", Health.NOTE, f"{servers}: no topic '{broker.topic}' yet; sightline ingest makes it")
    if found < broker.partitions:
        raise ConfigError(
            f"{servers}: topic '{broker.topic}' has {found} partitions, queue.partitions asks for {broker.partitions}; "
            "ask for fewer, or drain the topic and add partitions"
        )
    return Finding("kafka", Health.OK, f"{servers}, topic '{broker.topic}' with {found} partitions")


def _check_redis(settings: Settings) -> Finding:
    present = make_redis_live_state(settings)
    try:
        known = len(present.all())
        if settings.pictures == "memory" and not present.keeps_pictures():
            text = "answers; no pictures, because it may write to disk: set its save '' and appendonly no"
            return Finding("redis", Health.NOTE, text)
    except SightlineError as error:
        raise ConfigError(f"{error}; start Redis, or correct live.url") from error
    finally:
        present.close()
    return Finding("redis", Health.OK, f"answers; {known} cameras known now")
