"""The simulated fortnight through the product's metrics and production's policy, sampled thinly; and faults at its end.

Thinning: a visit of four pictures five seconds apart every `visit_s`; every 45 s while a light mode is learned (its
first four and a half hours); every 10 s for two minutes after a change to infrared or back; every 30 s for the first
seven minutes of each happening. What is not sampled is not seen: a false alarm that needs more pictures is missed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.cameras import Camera, StreamCounters
from domain.faults import Fault
from evaluation.policy import Policy
from lab.bench.evidence.current_practice import PracticeWatch, full_range_luma
from lab.bench.evidence.healthy_hours import observe, still_frame
from lab.bench.evidence.playback import build_product_scorer, build_scorer
from lab.bench.evidence.production_run import Announcement, ProductionRun
from simulation.fault_injection import FAULT_INJECTORS, FaultMoment, Strength
from simulation.fortnight.calendar import DAY_S, DAYS, HOUR_S
from simulation.fortnight.camera import PLACES, START, FortnightCamera, Place

VISIT_S = 1800.0
BEGIN_S = 7.5 * HOUR_S
"""The cameras are installed on the first morning."""
_VISIT = (0.0, 5.0, 10.0, 15.0)
_LEARNING_S, _LEARNING_STEP_S = 4.5 * HOUR_S, 45.0
_DENSE_STEP_S, _DENSE_S = 30.0, 420.0
_SWITCH_STEP_S, _SWITCHES = 10.0, 12
_FAULT_S, _FAULT_STEP_S = 900.0, 10.0
_HOLD_S = 300.0
DUSK_S = 20 * HOUR_S
_PRACTICE_LASTS_S = 300.0


@dataclass(frozen=True, slots=True)
class PlantedAt:
    """A fault on the last day, from `start_s` after the first midnight for `_FAULT_S`."""

    fault: Fault
    strength: Strength
    start_s: float

    @property
    def end_s(self) -> float:
        return self.start_s + _FAULT_S


_BY_DAY = (
    *(Fault.COVERED, Fault.CAMERA_MOVED, Fault.BLUR, Fault.LOW_CONTRAST, Fault.TOO_BRIGHT, Fault.BLACK, Fault.FREEZE),
    Fault.BLUR,
)
_BY_NIGHT = (
    *(Fault.CAMERA_MOVED, Fault.BLUR, Fault.COVERED, Fault.COVERED, Fault.CAMERA_MOVED, Fault.BLUR, Fault.COVERED),
    Fault.FREEZE,
)
"""A fault for each place; the last one pans, where moved and covered are not judged."""


def run_camera(
    number: int,
    *,
    days: int = DAYS,
    visit_s: float = VISIT_S,
    models: bool = True,
    hours: float | None = None,
    drawing: int = 1,
) -> dict[str, Any]:
    """Return what production's policy announces of one of the eight cameras in `days`, healthy and planted apart.

    `hours`, for the short form, ends the run so early and plants nothing. `drawing` seeds weather and traffic: each
    number is another fortnight of the same cameras.
    """
    place = PLACES[number]
    camera = FortnightCamera(place, seed=number + 1 + 100 * (drawing - 1), weather_seed=drawing, days=days)
    planted = () if hours is not None else plant(number, days)
    end_s = days * DAY_S if hours is None else BEGIN_S + hours * HOUR_S
    healthy_until_s = min([each.start_s for each in planted], default=end_s)
    watched = _watch(place, camera, planted, _moments(camera, planted, visit_s, end_s), models=models)
    announced = watched.run.announced
    false = [each for each in announced if _seconds(each) < healthy_until_s]
    return {
        "camera": place.name,
        "samples": watched.samples,
        "hours": (healthy_until_s - BEGIN_S) / HOUR_S,
        "visit_s": visit_s,
        "models": models,
        "drawing": drawing,
        "false_alarms": [each.as_json() for each in false],
        "planted": [_outcome(each, announced, watched.today) for each in planted],
        "today": {
            name: sum(at_s + BEGIN_S < healthy_until_s for at_s in times)
            for name, times in watched.today.raised.items()
        },
    }


def plant(number: int, days: int) -> tuple[PlantedAt, ...]:
    """Return the faults of a camera: one in the last forenoon, one in the last evening."""
    morning = (days - 1) * DAY_S + 10.5 * HOUR_S
    day = PlantedAt(_BY_DAY[number], Strength.MEDIUM, morning)
    night = PlantedAt(_BY_NIGHT[number], Strength.SEVERE, morning + 12 * HOUR_S)
    return (day, night)


@dataclass(slots=True)
class _Watched:
    run: ProductionRun
    today: PracticeWatch
    samples: int = 0


def _watch(
    place: Place,
    drawn: FortnightCamera,
    planted: tuple[PlantedAt, ...],
    moments: Iterator[float],
    *,
    models: bool,
) -> _Watched:
    camera = Camera(place.name, "rtsp://simulated.invalid/1", ptz=place.ptz, lit_at_night=place.lit)
    watched = _Watched(ProductionRun(camera, Policy()), PracticeWatch(hold_s=_PRACTICE_LASTS_S))
    by = build_product_scorer() if models else build_scorer()
    onset: NDArray[np.uint8] | None = None
    for at_s in moments:
        picture = drawn.picture_at(at_s)
        faulty = next((each for each in planted if each.start_s <= at_s < each.end_s), None)
        onset = None if faulty is None else picture if onset is None else onset
        if faulty is not None and onset is not None:
            picture = FAULT_INJECTORS[faulty.fault](
                picture, onset, FaultMoment(at_s - faulty.start_s + 1.0, faulty.strength)
            )
        frame = still_frame(camera, picture, watched.samples, START + timedelta(seconds=at_s))
        watched.samples += 1
        for observation in observe(frame, by, StreamCounters(frames_offered=watched.samples, fps=25.0)):
            watched.run.observe(observation)
        watched.today.add(at_s - BEGIN_S, full_range_luma(frame))
    return watched


def _moments(drawn: FortnightCamera, planted: tuple[PlantedAt, ...], visit_s: float, end_s: float) -> Iterator[float]:
    """Yield when to look, ascending; the camera's own change to infrared is followed as it happens."""
    fixed = _visit_times(drawn, planted, visit_s, end_s)
    infrared, follow = drawn.by_infrared, 0
    at_s, index = fixed[0], 0
    while index < len(fixed):
        yield at_s
        if drawn.by_infrared is not infrared:
            infrared, follow = drawn.by_infrared, _SWITCHES
        while index < len(fixed) and fixed[index] <= at_s:
            index += 1
        if index == len(fixed):
            return
        soon = at_s + _SWITCH_STEP_S
        at_s = soon if follow and soon < fixed[index] else fixed[index]
        follow = max(0, follow - 1)


def _visit_times(drawn: FortnightCamera, planted: tuple[PlantedAt, ...], visit_s: float, end_s: float) -> list[float]:
    wanted: set[float] = set()
    for visit in np.arange(BEGIN_S, end_s, visit_s):
        wanted.update(float(visit) + offset for offset in _VISIT)
    for begin in (BEGIN_S, DUSK_S):
        wanted.update(np.arange(begin, begin + _LEARNING_S, _LEARNING_STEP_S).tolist())
    for each in drawn.happenings:
        last = min(each.start_s + _DENSE_S, each.end_s)
        wanted.update(np.arange(each.start_s, last, _DENSE_STEP_S).tolist())
    for fault in planted:
        wanted.update(np.arange(fault.start_s - 60, fault.end_s + 60, _FAULT_STEP_S).tolist())
    return sorted(at_s for at_s in wanted if BEGIN_S <= at_s < end_s)


def _outcome(planted: PlantedAt, announced: list[Announcement], today: PracticeWatch) -> dict[str, Any]:
    during = [each for each in announced if planted.start_s <= _seconds(each) < planted.end_s + _HOLD_S]
    named = [each for each in during if each.headline is planted.fault]
    alarms = {
        name: at_s + BEGIN_S - planted.start_s
        for name, times in today.raised.items()
        for at_s in times
        if planted.start_s <= at_s + BEGIN_S < planted.end_s
    }
    return {
        "fault": planted.fault.value,
        "strength": planted.strength.value,
        "raised": bool(during),
        "headline": during[-1].headline.value if during else "",
        "right_headline": bool(named),
        "delay_s": _seconds(named[0]) - planted.start_s if named else None,
        "today": alarms,
    }


def _seconds(each: Announcement) -> float:
    return (each.at - START).total_seconds()
