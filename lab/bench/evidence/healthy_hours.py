"""Hours in which nothing is wrong: clean clips, and nine days of one webcam by its own clock and production's policy.

Hours count unique footage: seconds of a clip once, and of the webcam the time for which new pictures came.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from domain.cameras import Camera, ConnectionState, StreamCounters, StreamStatus
from domain.faults import Fault
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from domain.metrics import FrameScores
from evaluation.policy import Policy
from lab.bench.evidence.clips import find_clips
from lab.bench.evidence.current_practice import NAMED, PracticeWatch, full_range_luma, watch_clip
from lab.bench.evidence.playback import build_product_scorer, evaluate_playback, play_clip
from lab.bench.evidence.production_run import ProductionRun
from workers.frame_scoring.frame_scorer import FrameScorer

HEALTHY_CONDITIONS = (
    *("ir-night-road", "night-highway-headlights", "day-night-day-timelapse", "cloud-light", "sudden-brightness"),
)
"""The clips under `conditions/` that show no fault."""
WEBCAM_DAYS = "real/webcam-days"
STILL_INTERVAL = timedelta(minutes=15)
STALL_REPEATS = 3
"""A still that repeats so often in succession is a stall that a policy of three frames must find."""


def find_healthy(data: Path) -> Sequence[Path]:
    """Return the clean clips of the data folder."""
    conditions = [clip.path for clip in find_clips(data / "conditions") if clip.name in HEALTHY_CONDITIONS]
    return [clip.path for clip in find_clips(data / "clips")] + conditions


def run_clip(path: Path) -> dict[str, Any]:
    """Return what is reported of one clean clip by the clips' policy and the default plan; all of it is false."""
    camera = Camera(path.stem, str(path))
    outcome = evaluate_playback(play_clip(camera, build_product_scorer()), camera, Policy.for_clips())
    return {
        "name": path.stem,
        "hours": outcome.seconds / 3600,
        "false_alarms": [{"fault": fault.value, "at_s": round(at_s, 1)} for fault, at_s in outcome.fired.items()],
        "assessable": round(outcome.assessable, 3),
        "today": {name: len(times) for name, times in watch_clip(camera).raised.items()},
    }


@dataclass(frozen=True, slots=True)
class WebcamStill:
    """One still with the time in its name; `repeats` says how many equal ones came directly before it."""

    at: datetime
    picture: NDArray[np.uint8]
    repeats: int


def read_stills(folder: Path) -> Iterator[WebcamStill]:
    """Yield the stills of a folder in the order of their names (UTC, `2023-06-15T01_11_46.jpg`)."""
    before, repeats = "", 0
    for path in sorted(folder.glob("*.jpg")):
        content = path.read_bytes()
        digest = sha256(content).hexdigest()
        repeats = repeats + 1 if digest == before else 0
        before = digest
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
        if picture is not None:
            at = datetime.strptime(path.stem, "%Y-%m-%dT%H_%M_%S").replace(tzinfo=UTC)
            yield WebcamStill(at, np.asarray(picture, np.uint8), repeats)


def run_webcam_days(folder: Path, *, days: float | None = None) -> dict[str, Any]:
    """Return what production's policy announces of the stills; `days` takes only so many from the first."""
    camera = Camera("webcam", "http://webcam.invalid/still")
    by, run, today = build_product_scorer(), ProductionRun(camera, Policy()), PracticeWatch(hold_s=300.0)
    first: datetime | None = None
    new_s, stalls, count = 0.0, [], 0
    before: datetime | None = None
    for still in read_stills(folder):
        first = still.at if first is None else first
        if days is not None and still.at - first > timedelta(days=days):
            break
        frame = still_frame(camera, still.picture, count, still.at)
        for observation in observe(frame, by, StreamCounters(frames_offered=count + 1)):
            run.observe(observation)
        today.add((still.at - first).total_seconds(), full_range_luma(frame))
        new_s += 0.0 if still.repeats or before is None else min(still.at - before, STILL_INTERVAL * 2).total_seconds()
        if still.repeats == STALL_REPEATS:
            stalls.append(still.at.isoformat())
        before, count = still.at, count + 1
    announced = run.announced
    return {
        "name": "webcam-days",
        "stills": count,
        "hours": new_s / 3600,
        "stalls": stalls,
        "told": [each.as_json() for each in announced],
        "stalls_told": sum(each.headline is Fault.FREEZE for each in announced),
        "false_alarms": [each.as_json() for each in announced if each.headline is not Fault.FREEZE],
        "today": {name: len(times) for name, times in today.raised.items() if Fault.FREEZE not in NAMED[name]},
        "today_stalls": {name: len(times) for name, times in today.raised.items() if Fault.FREEZE in NAMED[name]},
    }


def still_frame(camera: Camera, picture: NDArray[np.uint8], sequence: int, at: datetime) -> Frame:
    """Return an RGB picture (H, W, 3) as a frame received at `at`."""
    height, width = picture.shape[:2]
    ref = FrameRef(camera.name, "session", sequence, None, at)
    return Frame(ref, FrameFormat(width, height, "rgb24", ColorRange.FULL), (picture,), key_frame=True)


def observe(frame: Frame, by: FrameScorer, counters: StreamCounters) -> Iterator[FrameScores | StreamStatus]:
    """Yield what a worker would get of one frame: the status before it, and its scores."""
    at = frame.ref.received_at
    yield StreamStatus(
        stream_id=frame.ref.stream_id,
        session_id=frame.ref.session_id,
        sequence=frame.ref.sequence,
        received_at=at,
        state=ConnectionState.LIVE,
        last_frame_at=at,
        last_picture_at=at,
        counters=replace(counters, width=frame.format.width, height=frame.format.height),
    )
    yield from by.score([frame]).scores.values()
