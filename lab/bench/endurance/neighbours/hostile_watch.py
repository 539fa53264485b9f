"""A long watch beside hostile neighbours, whatever is watched: one process, or the cluster's parts.

Healthy cameras are watched together with hostile ones; strangers storm the page, and the clock steps forward and
back. What was seen is judged apart (`lab/bench/endurance/neighbours/promises.py`), from outside: by rows, answers,
logs and processes.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from lab.bench.endurance.neighbours.secret_leaks import find_in_answers, find_in_logs, find_in_processes, find_in_rows
from lab.bench.endurance.page_visitor import PageVisitor, visit_page
from lab.bench.endurance.sightline_process import SightlineProcess
from lab.bench.endurance.stepped_clock import SteppedWall
from lab.bench.endurance.stored_results import (
    AROUND,
    SentNotification,
    StorageLags,
    StoredFrameAccount,
    read_accounts,
    read_messages,
    utc_now,
)
from lab.bench.footprint import ProgramsFootprint, Reading
from simulation.cameras.hostile_cameras import PASSWORD
from simulation.hostile_clients import HALF_OPEN, HostileClients, run_hostile_clients

LOOK_EVERY_S = 0.5
READ_EVERY_S = 2.0
NOTE_EVERY_S = 60.0
JOIN_S = 300.0
READY_S = 30.0
_AFTER_STEP_S = 60.0
"""So long after a step back, frames stamped by the wrong clock may still come in."""


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The clock is off by `by` from `at_s` on, for `for_s`; seconds since the watch began."""

    at_s: float
    for_s: float
    by: timedelta


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """How long is watched, when strangers storm, and when the clock steps; seconds since the watch began."""

    seconds: float
    storm_from_s: float
    storm_until_s: float
    steps: tuple[ClockStep, ...]
    half_open: int = HALF_OPEN


@dataclass(frozen=True, slots=True)
class WatchedProduct:
    """What is watched, seen from outside."""

    programs: Callable[[], Sequence[SightlineProcess]]
    engine: Engine
    visitor: PageVisitor
    wall: SteppedWall | None


@dataclass(slots=True)
class WatchRecord:
    """What came of it."""

    readings: list[Reading] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    watched_s: dict[str, float] = field(default_factory=dict)
    """Seconds from each camera's first stored frame to the end."""
    accounts: Mapping[str, StoredFrameAccount] = field(default_factory=dict)
    messages: list[SentNotification] = field(default_factory=list)
    log_bytes: int = 0
    storm: dict[str, Any] = field(default_factory=dict)
    strangers: dict[str, int] = field(default_factory=dict)
    cameras: dict[str, Any] = field(default_factory=dict)
    """What the API said of each camera at the end: state and reason."""
    leaks: list[str] = field(default_factory=list)
    """Where a password of the cameras was found."""
    ended: list[str] = field(default_factory=list)
    unready: str = ""


def plan_watch(seconds: float) -> WatchPlan:
    """Return the course of a run: storm for most of it, 30 days forward and an hour back for 40 s at most each."""
    off_s = min(40.0, seconds / 8)
    steps = (
        ClockStep(0.3 * seconds, off_s, timedelta(days=30)),
        ClockStep(0.6 * seconds, off_s, timedelta(hours=-1)),
    )
    return WatchPlan(seconds, 0.15 * seconds, 0.85 * seconds, steps)


def watch(
    subject: WatchedProduct, course: WatchPlan, healthy: Sequence[str], record: Path | None = None
) -> WatchRecord:
    """Watch as planned; what is interrupted says so in `ended`, beside what was seen until then.

    Raises `RuntimeError` where the healthy cameras are not judged in the first five minutes.
    """
    seen, lags = WatchRecord(), StorageLags(subject.engine)
    _join(subject, lags, healthy)
    lags.begin()
    began_s = time.monotonic()
    try:
        _watch_course(subject, course, seen, lags, healthy=healthy, record=record)
    except (KeyboardInterrupt, SystemExit):
        if not seen.readings:
            raise
        passed_s = time.monotonic() - began_s
        seen.ended.append(f"interrupted after {passed_s / 60:.1f} of {course.seconds / 60:.1f} minutes")
    return _finish(subject, seen, lags, healthy)


def _watch_course(
    subject: WatchedProduct,
    course: WatchPlan,
    seen: WatchRecord,
    lags: StorageLags,
    *,
    healthy: Sequence[str],
    record: Path | None,
) -> None:
    footprint = ProgramsFootprint(lambda: [each.pid for each in subject.programs() if each.pid is not None])
    began_s = time.monotonic()
    read_s, note_s = 0.0, NOTE_EVERY_S
    with ExitStack() as storm:
        crowd: HostileClients | None = None
        while (passed_s := time.monotonic() - began_s) < course.seconds:
            _keep_time(subject.wall, course, passed_s)
            lags.look(_possible_times(subject.wall, course, passed_s))
            if crowd is None and course.storm_from_s <= passed_s < course.storm_until_s:
                crowd = storm.enter_context(
                    run_hostile_clients(subject.visitor.host, subject.visitor.port, half_open=course.half_open)
                )
                storm.enter_context(visit_page(subject.visitor))
            if crowd is not None and passed_s >= course.storm_until_s:
                storm.close()
                seen.strangers, crowd = dict(crowd.done), None
            if passed_s >= read_s:
                seen.readings.append(footprint.read())
                read_s = passed_s + READ_EVERY_S
            if record is not None and passed_s >= note_s:
                _note(record, passed_s, subject, seen, lags.of(healthy))
                note_s = passed_s + NOTE_EVERY_S
            time.sleep(LOOK_EVERY_S)


def _join(subject: WatchedProduct, lags: StorageLags, healthy: Sequence[str]) -> None:
    deadline = time.monotonic() + JOIN_S
    while set(healthy) - lags.first_s.keys():
        lags.look([utc_now()])
        ended = [each.failure() for each in subject.programs() if each.failure()]
        if ended or time.monotonic() > deadline:
            missing = ", ".join(sorted(set(healthy) - lags.first_s.keys()))
            raise RuntimeError(f"not judged: {missing}; {ended or [each.tail() for each in subject.programs()]}")
        time.sleep(LOOK_EVERY_S)


def _keep_time(wall: SteppedWall | None, course: WatchPlan, passed_s: float) -> None:
    if wall is None:
        return
    due = next((step.by for step in course.steps if step.at_s <= passed_s < step.at_s + step.for_s), timedelta())
    if due != wall.offset:
        wall.step(due)


def _possible_times(wall: SteppedWall | None, course: WatchPlan, passed_s: float) -> list[Any]:
    """Return the presents that a frame received lately may be stamped with."""
    now = utc_now()
    if wall is None:
        return [now]
    lately = [step.by for step in course.steps if step.at_s <= passed_s < step.at_s + step.for_s + _AFTER_STEP_S]
    return [now, *(now + by for by in lately)]


def _finish(subject: WatchedProduct, seen: WatchRecord, lags: StorageLags, healthy: Sequence[str]) -> WatchRecord:
    seen.ended += [each.failure() for each in subject.programs() if each.failure()]
    roster = subject.visitor.json("/api/v1/cameras") or {"cameras": []}
    seen.cameras = {each["name"]: each for each in roster["cameras"]}
    seen.unready = _find_unready(subject.visitor)
    ended_s = time.monotonic()
    seen.watched_s = {camera: ended_s - lags.first_s[camera] for camera in lags.first_s}
    seen.storm = subject.visitor.figures()
    seen.leaks = find_in_answers(subject.visitor, PASSWORD) + find_in_processes(subject.programs(), PASSWORD)
    seen.ended += [wrong for each in reversed(subject.programs()) if (wrong := each.stop())]
    seen.accounts = read_accounts(subject.engine, list(lags.first_s.keys() | set(healthy)))
    # A frame that no look found in time was later than any look goes back, or came while all was stopped.
    late = sum(seen.accounts[name].stored for name in healthy) - lags.count(healthy)
    seen.lags = [*lags.of(healthy), *[AROUND.total_seconds()] * max(0, late)]
    seen.messages = read_messages(subject.engine)
    seen.log_bytes = sum(each.log.stat().st_size for each in subject.programs())
    seen.leaks += find_in_logs(subject.programs(), PASSWORD) + find_in_rows(subject.engine, PASSWORD)
    return seen


def _find_unready(visitor: PageVisitor) -> str:
    """Return which parts say that they are not well, "" once none does; what the storm left has half a minute."""
    deadline = time.monotonic() + READY_S
    while not visitor.is_ready():
        if time.monotonic() > deadline:
            return f"not ready at the end: {visitor.readiness()}"
        time.sleep(LOOK_EVERY_S)
    return ""


def _note(record: Path, passed_s: float, subject: WatchedProduct, seen: WatchRecord, recent: Sequence[float]) -> None:
    """Write down what is known so far, so that a run that is broken off has said something."""
    line = {
        "minutes": round(passed_s / 60, 1),
        "frames_seen": len(recent),
        "lag_p95_s": round(float(np.percentile(recent, 95)), 3) if recent else None,
        "reading": asdict(seen.readings[-1]),
        "log_bytes": sum(each.log.stat().st_size for each in subject.programs()),
        "page": subject.visitor.figures(),
        "told": [[list(each.cameras), each.headline, each.kind] for each in read_messages(subject.engine)],
    }
    with record.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
