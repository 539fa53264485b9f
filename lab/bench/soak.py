"""A long watch: cameras of a real RTSP server, the embedded system, one camera pulled and brought back meanwhile.

It holds the system to its promises (every frame stored once or counted as dropped, one alert for the pulled camera and
none for the others, flat memory) and says what a camera costs.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from domain.alerts import NotificationKind, OutboxEntry
from domain.cameras import StreamStatus
from domain.errors import ConfigError
from domain.faults import Fault
from domain.ports import LiveState, Notifier
from lab.bench.footprint import Footprint, Reading, cpu_figures, memory_figures
from lab.bench.frame_accounting import FrameAccounting, account_frames
from simulation.cameras.served_cameras import RtspServer, ServedCamera, explain_missing_server
from simulation.film_cache import make_films
from simulation.films.film import FPS, Film, Take
from simulation.films.scenes import HEIGHT, SCENES, WIDTH

LOOK_EVERY_S = 2.0
SHORTEST_AWAY_S = 10.0
"""A busy machine too must have time to notice that a camera is gone."""
WARM_UP_S = 60.0
WINDOW_S = 60.0
LEAST_FOR_MEMORY_S = 300.0
"""A shorter run says nothing of memory: caches and windows still fill."""
GROWTH_ALLOWED = 0.05
"""Flat: the last minute's memory is within this share of the first minute's after the warm-up."""
FILM_S = 60.0


class WatchedSystem(Protocol):
    """The running system, as far as it is asked here."""

    @property
    def live(self) -> LiveState: ...

    def health(self) -> Mapping[str, str]: ...

    def __enter__(self) -> "WatchedSystem": ...

    def __exit__(self, *_: Any) -> None: ...


Build = Callable[[Mapping[str, str], Path, Notifier, float], WatchedSystem]
"""(camera name to address, database file, whom to tell, raise time in seconds) to a system not yet started."""


@dataclass(slots=True)
class TimedNotifier:
    """The notifier of the run: each message once, and when it came (monotonic seconds)."""

    name: str = "soak"
    messages: dict[str, tuple[OutboxEntry, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, entry: OutboxEntry) -> None:
        with self._lock:
            self.messages.setdefault(entry.key, (entry, time.monotonic()))

    def of(self, kind: NotificationKind) -> list[tuple[OutboxEntry, float]]:
        """Return the messages of a kind in the order they came."""
        with self._lock:
            return [message for message in self.messages.values() if message[0].kind is kind]


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """How long is watched, and when one camera is pulled and brought back; seconds since the beginning."""

    seconds: float
    raise_s: float
    pulled: str
    pull_at_s: float
    restore_at_s: float


@dataclass(slots=True)
class _Run:
    """What was seen and announced while the system ran, and its accounts after. Times are monotonic seconds."""

    notifier: TimedNotifier
    readings: list[Reading] = field(default_factory=list)
    pulled_s: float = 0.0
    restored_s: float = 0.0
    ill: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, StreamStatus] = field(default_factory=dict)
    accounts: Mapping[str, FrameAccounting] = field(default_factory=dict)
    database_bytes: int = 0


def run(build: Build, *, minutes: float = 10.0, cameras: int = 8, raise_s: float = 4.0) -> dict[str, Any]:
    """Return the figures of one run, `broken` naming every promise not kept. Raises `ConfigError` without a server."""
    reason = explain_missing_server()
    if reason is not None:
        raise ConfigError(f"bench soak: {reason}")
    names = [f"camera-{number:02d}" for number in range(1, cameras + 1)]
    plan = plan_soak(minutes * 60, raise_s, names[-1])
    seen = _Run(TimedNotifier())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-soak-")))
        server = stack.enter_context(serve_cameras(names, folder))
        database = folder / "soak.db"
        system = build({name: server.url(name) for name in names}, database, seen.notifier, raise_s)
        empty_bytes = _size_bytes(database)
        _watch(seen, system, server, plan)
        seen.accounts = account_frames(database, seen.statuses)
        seen.database_bytes = _size_bytes(database) - empty_bytes
    return _figures(plan, names, seen)


def plan_soak(seconds: float, raise_s: float, pulled: str) -> SoakPlan:
    """Pull at a third of the time; away for a tenth of it, ten seconds at least and a minute at most."""
    pull_at_s = seconds / 3
    away_s = min(60.0, max(SHORTEST_AWAY_S, 3 * raise_s, seconds / 10))
    return SoakPlan(seconds, raise_s, pulled, pull_at_s, pull_at_s + away_s)


def serve_cameras(names: Sequence[str], folder: Path) -> AbstractContextManager[RtspServer]:
    """Film a minute of each camera's scene and serve it for ever."""
    scenes = list(SCENES.values())
    clock = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    wanted = {
        name: Film(scenes[number % len(scenes)], (Take(FILM_S),), clock, seed=number)
        for number, name in enumerate(names)
    }
    made = make_films(wanted, folder / "films")
    return RtspServer([ServedCamera(name, (made[name],), loop=True, live=True) for name in names])


def _watch(seen: _Run, system: WatchedSystem, server: RtspServer, plan: SoakPlan) -> None:
    footprint = Footprint()
    with system:
        began_s = time.monotonic()
        while (passed_s := time.monotonic() - began_s) < plan.seconds:
            if not seen.pulled_s and passed_s >= plan.pull_at_s:
                server.pull(plan.pulled)
                seen.pulled_s = time.monotonic()
            if not seen.restored_s and passed_s >= plan.restore_at_s:
                server.restore(plan.pulled)
                seen.restored_s = time.monotonic()
            seen.readings.append(footprint.read())
            time.sleep(min(LOOK_EVERY_S, plan.raise_s / 4))
        seen.ill = {part: reason for part, reason in system.health().items() if reason}
    # Stopped: what ingest said last of each camera is its final account.
    snapshots = system.live.all()
    seen.statuses = {name: shown.status for name, shown in snapshots.items() if shown.status is not None}


def _size_bytes(database: Path) -> int:
    return sum(path.stat().st_size for path in database.parent.glob(f"{database.name}*"))


def _figures(plan: SoakPlan, names: Sequence[str], seen: _Run) -> dict[str, Any]:
    warm_up_s = min(WARM_UP_S, plan.seconds / 4)
    settled = [reading for reading in seen.readings if reading.at_s >= seen.readings[0].at_s + warm_up_s]
    memory = memory_figures(settled, min(WINDOW_S, plan.seconds / 4))
    stored = sum(each.stored for each in seen.accounts.values())
    return {
        "broken": [
            *_find_unaccounted(names, seen),
            *_find_wrong_notifications(plan, seen),
            *_find_memory_growth(plan, memory),
        ],
        "minutes": round(plan.seconds / 60, 2),
        "cameras": len(names),
        "streams": f"{WIDTH}x{HEIGHT} {FPS} fps H.264 over RTSP/TCP, one frame a second judged",
        "frames": {
            "offered": sum(each.offered for each in seen.accounts.values()),
            "stored": stored,
            "dropped": sum(each.dropped for each in seen.accounts.values()),
            "by_camera": {name: each.figures() for name, each in sorted(seen.accounts.items())},
        },
        "pulled_camera": _incident(plan, seen),
        "memory": memory,
        "cpu": cpu_figures(settled, len(names)),
        "threads": settled[-1].threads,
        "processes": settled[-1].processes,
        "database_bytes_per_frame": round(seen.database_bytes / stored, 1) if stored else None,
    }


def _incident(plan: SoakPlan, seen: _Run) -> dict[str, Any]:
    """Return how long after the pull the alert came, and how long after the return its end; None where it did not."""
    raised = _first_of(seen.notifier, NotificationKind.FIRING, plan.pulled)
    resolved = _first_of(seen.notifier, NotificationKind.RESOLVED, plan.pulled)
    return {
        "name": plan.pulled,
        "away_s": round(seen.restored_s - seen.pulled_s, 1),
        "raise_time_s": plan.raise_s,
        "headline": str(raised[0].incident.headline) if raised else None,
        "raised_after_s": round(raised[1] - seen.pulled_s, 1) if raised else None,
        "resolved_after_s": round(resolved[1] - seen.restored_s, 1) if resolved else None,
    }


def _first_of(notifier: TimedNotifier, kind: NotificationKind, camera: str) -> tuple[OutboxEntry, float] | None:
    return next((each for each in notifier.of(kind) if camera in _cameras(each[0])), None)


def _cameras(entry: OutboxEntry) -> tuple[str, ...]:
    return entry.incident.members or (entry.incident.stream_id,)


def _find_unaccounted(names: Sequence[str], seen: _Run) -> list[str]:
    """Return what is wrong with the accounts, and which part of the system was ill at the end."""
    wrong = [f"{name}: ingest said nothing at the end" for name in names if name not in seen.accounts]
    wrong += [f"{name}: {each}" for name, account in seen.accounts.items() for each in account.wrong]
    return wrong + [f"{part}: {reason}" for part, reason in seen.ill.items()]


def _find_wrong_notifications(plan: SoakPlan, seen: _Run) -> list[str]:
    """Return what was announced and should not have been, or the other way round."""
    due = ((plan.pulled,), Fault.SIGNAL_LOSS)
    raised = [(_cameras(entry), entry.incident.headline) for entry, _ in seen.notifier.of(NotificationKind.FIRING)]
    wrong = [f"{', '.join(cameras)}: announced as {fault}" for cameras, fault in raised if (cameras, fault) != due]
    if raised.count(due) != 1:
        wrong.append(f"{plan.pulled}: pulled, and announced as signal loss {raised.count(due)} times instead of once")
    if _first_of(seen.notifier, NotificationKind.RESOLVED, plan.pulled) is None:
        wrong.append(f"{plan.pulled}: restored, but its alert did not end")
    return wrong


def _find_memory_growth(plan: SoakPlan, memory: Mapping[str, float]) -> list[str]:
    flat = memory["last_mib"] <= memory["first_mib"] * (1 + GROWTH_ALLOWED)
    if flat or plan.seconds < LEAST_FOR_MEMORY_S:
        return []
    return [f"memory grew from {memory['first_mib']} to {memory['last_mib']} MiB"]
