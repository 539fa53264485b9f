"""A planted history of cameras, and the obvious way to add it up: every second is painted, then counted."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from domain.baselines import LightMode
from domain.faults import Fault
from domain.verdict_time import (
    LEARNING,
    CameraNotAssessable,
    MaintenanceWindow,
    TimeState,
    Unknown,
    VerdictSpan,
    WatchChange,
)

FAULTS = (Fault.BLUR, Fault.SIGNAL_LOSS, Fault.FREEZE, Fault.COVERED, Fault.NOISE)


@dataclass(frozen=True)
class Transition:
    """From `at` on a camera is in this state, until its next transition."""

    at: datetime
    state: TimeState
    cause: str = ""
    light: LightMode | None = None


@dataclass
class History:
    """Cameras with their raw transitions, when Sightline was down, what was announced, and when each was watched."""

    since: datetime
    until: datetime
    transitions: dict[str, list[Transition]] = field(default_factory=dict)
    down: list[tuple[datetime, datetime]] = field(default_factory=list)
    windows: list[MaintenanceWindow] = field(default_factory=list)
    watches: list[WatchChange] = field(default_factory=list)

    def spans(self, camera: str) -> Iterator[VerdictSpan]:
        """Give the spans that the running system would have written: nothing while it was down."""
        steps = self.transitions[camera]
        for step, after in zip(steps, [*[s.at for s in steps[1:]], self.until], strict=True):
            pieces = [(step.at, after)]
            for hole in self.down:
                pieces = [piece for a, b in pieces for piece in ((a, min(b, hole[0])), (max(a, hole[1]), b))]
                pieces = [(a, b) for a, b in pieces if a < b]
            for a, b in pieces:
                if self._is_watched(camera, a):
                    yield VerdictSpan(camera, a, b, step.state, step.cause, step.light)

    def _is_watched(self, camera: str, at: datetime) -> bool:
        known = [change.watched for change in self.watches if change.stream_id == camera and change.at <= at]
        return bool(known) and known[-1]


def paint(history: History, camera: str, since: datetime, until: datetime) -> Counter[tuple[str, str]]:
    """Return seconds of one camera by (state, cause), each second looked at on its own."""
    length = round((until - since).total_seconds())
    names: list[tuple[str, str]] = [("unwatched", "")]
    seconds = np.zeros(length, np.int16)

    def fill(a: datetime, b: datetime, what: tuple[str, str], only: np.ndarray | None = None) -> None:
        if what not in names:
            names.append(what)
        low, high = (min(max(round((at - since).total_seconds()), 0), length) for at in (a, b))
        part = seconds[low:high]
        part[... if only is None else only[low:high]] = names.index(what)

    watches = [change for change in history.watches if change.stream_id == camera]
    for change, after in zip(watches, [*[c.at for c in watches[1:]], until], strict=True):
        what = (TimeState.UNKNOWN.value, Unknown.NOT_RUNNING.value) if change.watched else ("unwatched", "")
        fill(change.at, after, what)
    watched = seconds > 0
    steps = history.transitions[camera]
    for step, after in zip(steps, [*[s.at for s in steps[1:]], history.until], strict=True):
        fill(step.at, after, (step.state.value, step.cause), watched)
    for a, b in history.down:
        fill(a, b, (TimeState.UNKNOWN.value, Unknown.NOT_RUNNING.value), watched)
    site, group = watches[-1].site, watches[-1].group
    for window in history.windows:
        if window.covers(camera, site, group):
            fill(window.since, window.until, ("maintenance", ""), watched)
    return Counter({names[index]: int(count) for index, count in enumerate(np.bincount(seconds)) if count})


def plant(
    cameras: int, days: int, first: datetime, *, seed: int, sites: Sequence[tuple[str, ZoneInfo]], a_day: float = 8.0
) -> History:
    """Return a random history: faults, nights, gaps, maintenance, cameras added late, switched off and retired."""
    chance = random.Random(seed)
    until = first + timedelta(days=days)
    history = History(first, until)
    for _ in range(max(1, days // 6)):
        begin = first + timedelta(seconds=chance.randrange(days * 86_400))
        history.down.append((begin, min(until, begin + timedelta(seconds=chance.randrange(30, 20_000)))))
    for number in range(cameras):
        name, (site, _) = f"camera {number:03d}", sites[number % len(sites)]
        added = first if number % 7 else first + timedelta(seconds=chance.randrange(days * 43_200))
        history.watches.append(WatchChange(name, added, True, site, f"switch {number % 3}"))
        if number % 5 == 0:
            off = added + timedelta(seconds=chance.randrange(1, days * 21_600))
            history.watches.append(WatchChange(name, off, False, site, f"switch {number % 3}"))
            if number % 10 == 0:
                again = off + timedelta(seconds=chance.randrange(1, days * 21_600))
                history.watches.append(WatchChange(name, again, True, site, f"switch {number % 3}"))
        history.transitions[name] = _transitions(chance, added, until, a_day)
    _cut_at_watches(history)
    for number in range(max(1, days // 9)):
        begin = first + timedelta(seconds=chance.randrange(days * 86_400))
        scope = {"camera": f"camera {number % cameras:03d}"} if number % 2 else {"site": sites[0][0]}
        end = begin + timedelta(seconds=chance.randrange(600, 50_000))
        history.windows.append(MaintenanceWindow(f"window {number}", begin, end, reason="lenses cleaned", **scope))
    return history


def _transitions(chance: random.Random, since: datetime, until: datetime, a_day: float) -> list[Transition]:
    found, at = [], since
    while at < until:
        found.append(_transition(chance, at))
        at += timedelta(seconds=1 + round(chance.expovariate(a_day / 86_400)))
    return found


def _transition(chance: random.Random, at: datetime) -> Transition:
    light = LightMode.DAY if 6 <= at.hour < 18 else LightMode.NIGHT
    drawn = chance.random()
    if drawn < 0.6:
        return Transition(at, TimeState.OK, LEARNING if drawn < 0.05 else "", light)
    if drawn < 0.8:
        return Transition(at, TimeState.FAULT, chance.choice(FAULTS).value, light)
    if drawn < 0.95:
        return Transition(at, TimeState.NOT_ASSESSABLE, chance.choice(list(CameraNotAssessable)).value, None)
    return Transition(at, TimeState.UNKNOWN, Unknown.SCORING_BEHIND.value, None)


def _cut_at_watches(history: History) -> None:
    """Repeat the state at each change of watching, so that no span reaches into time that was not watched."""
    for change in history.watches:
        steps = history.transitions[change.stream_id]
        before = [step for step in steps if step.at <= change.at]
        if before and before[-1].at < change.at:
            again = Transition(change.at, before[-1].state, before[-1].cause, before[-1].light)
            steps.insert(len(before), again)
