"""Plays a file through the real path (ingest, detectors, alerts) on its own time, and says what was reported and
when."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import torch

from detectors.models.model_status import check_models
from detectors.registry import build_detectors
from domain.alerts import AlertState
from domain.cameras import Camera, ConnectionState, StreamStatus
from domain.errors import SourceUnavailable
from domain.faults import Fault, VerdictState
from domain.metrics import FrameScores
from evaluation.evaluate import evaluate_observation, restore_state
from evaluation.policy import Policy
from ingest.read.stream_source import Pace, open_source
from lab.bench.clocks import ManualClock
from workers.frame_scoring.frame_scorer import FrameScorer

Observation: TypeAlias = FrameScores | StreamStatus

PICTURE_MODELS = ("picture_faults",)
"""The learned models whose numbers the fault rules read."""
_STATUS_EVERY = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class PlaybackResult:
    """What was reported over one run. `fired` maps a fault to its seconds since the first frame.

    `headline` is the last open incident's; `assessable` the share of (frame, fault) verdicts that were ok or fault.
    """

    fired: dict[Fault, float]
    headline: Fault | None
    assessable: float
    seconds: float
    not_assessable: dict[Fault, str]


def build_scorer() -> FrameScorer:
    """Return a scorer with every detector, on the CPU."""
    return FrameScorer(build_detectors(), torch.device("cpu"))


def build_product_scorer() -> FrameScorer:
    """Return a scorer as the product has it: the metrics, and the picture-fault model at its usual interval."""
    return FrameScorer(build_detectors(models=check_models({}, None, names=PICTURE_MODELS)), torch.device("cpu"))


def play_clip(camera: Camera, by: FrameScorer) -> list[Observation]:
    """Return what judging would see of a file: frames' scores, and a status before them every two seconds."""
    seen: list[Observation] = []
    told_at: datetime | None = None
    with closing(open_source(camera, ManualClock(), pace=Pace.FULL_SPEED)) as source:
        try:
            for frame in source.frames():
                at = frame.ref.received_at
                if told_at is None or at - told_at >= _STATUS_EVERY:
                    told_at = at
                    seen.append(
                        StreamStatus(
                            stream_id=camera.name,
                            session_id=frame.ref.session_id,
                            sequence=frame.ref.sequence,
                            received_at=at,
                            state=ConnectionState.LIVE,
                            last_frame_at=at,
                            counters=source.counters(),
                            plan=camera.plan,
                        )
                    )
                seen.extend(by.score([frame]).scores.values())
        except SourceUnavailable:
            if not seen:
                raise
    return seen


def evaluate_playback(observations: Sequence[Observation], camera: Camera, policy: Policy) -> PlaybackResult:
    """Judge the observations in order and return what was reported."""
    state = restore_state(camera)
    first = _time(observations[0])
    fired: dict[Fault, float] = {}
    headline: Fault | None = None
    verdicts: list[VerdictState] = []
    open_reasons: dict[Fault, str] = {}
    for observation in observations:
        judged = evaluate_observation(state, camera, observation, policy)
        state = judged.state
        for transition in judged.transitions:
            if transition.to_state is AlertState.FIRING:
                fired.setdefault(transition.fault, (transition.at - first).total_seconds())
        headline = judged.snapshot.incident.headline if judged.snapshot.incident else headline
        if isinstance(observation, FrameScores):
            verdicts.extend(verdict.state for verdict in judged.verdicts)
            open_reasons = {v.fault: v.reason for v in judged.verdicts if v.state is VerdictState.NOT_ASSESSABLE}
    return PlaybackResult(
        fired=fired,
        headline=headline,
        assessable=_share(verdict is not VerdictState.NOT_ASSESSABLE for verdict in verdicts),
        seconds=(_time(observations[-1]) - first).total_seconds(),
        not_assessable=open_reasons,
    )


def _time(observation: Observation) -> datetime:
    return observation.ref.received_at if isinstance(observation, FrameScores) else observation.received_at


def _share(answers: Iterable[bool]) -> float:
    listed = list(answers)
    return sum(listed) / len(listed) if listed else 0.0
