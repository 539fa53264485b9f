"""A camera's life on simulated time: what its pictures and statuses would say, judged and stored as in production."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.alerts import AlertState, AlertTransition, IncidentState, OutboxEntry
from domain.cameras import Camera, ConnectionState, StreamCounters, StreamStatus
from domain.faults import Fault, Verdict
from domain.frames import FrameRef
from domain.messages import BatchResult
from domain.metrics import FrameScores
from domain.verdict_time import VerdictSpan
from evaluation.evaluate import Evaluation, Observation, Tick, evaluate_observation, restore_state
from evaluation.policy import Policy
from tests.fakes.ports import START, FakeAlertStore, FakeScoreStore

ROWS, COLUMNS = 18, 32

DAY: Mapping[str, float] = {
    "luma_mean": 0.45, "luma_p05": 0.10, "luma_p95": 0.85, "black_share": 0.01, "clipped_share": 0.01,
    "glare_share": 0.0, "contrast_rms": 0.20, "edge_width": 4.0, "sharpness": 0.6, "noise_sigma": 2.0,
    "noise_floor": 1.2, "snow_share": 0.0, "stripe_strength": 0.3, "haze": 0.10, "saturation": 0.12, "cast": 0.02,
    "cb_mean": 0.0, "cr_mean": 0.0, "magenta": 0.0, "blockiness": 1.05, "corrupt_share": 0.0, "slate": 0.0,
    "purple_share": 0.02, "texture_share": 0.6, "change_median": 0.9, "change_share": 0.5, "shift": 0.0005,
    "flicker": 0.2,
}  # fmt: skip
NIGHT: Mapping[str, float] = {
    **DAY, "luma_mean": 0.25, "luma_p95": 0.60, "contrast_rms": 0.15, "noise_sigma": 3.0, "noise_floor": 2.0,
    "saturation": 0.0, "cast": 0.0, "sharpness": 0.5, "edge_width": 4.5,
}  # fmt: skip
DEFOCUSED: Mapping[str, float] = {**DAY, "edge_width": 14.0, "sharpness": 0.1, "texture_share": 0.1}
NOISY: Mapping[str, float] = {**DAY, "noise_sigma": 30.0, "noise_floor": 25.0}


def make_structure(seed: int) -> NDArray[np.float32]:
    """Return the structure of one made-up scene: smooth luma, edges everywhere, orientations of its own."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((3, 4))
    luma = np.kron(coarse, np.ones((ROWS // 3, COLUMNS // 4)))
    energy = 4.0 + 8.0 * rng.random((ROWS, COLUMNS))
    histogram = rng.dirichlet(np.full(8, 0.4), size=(ROWS, COLUMNS))
    return np.concatenate([luma[..., None], energy[..., None], histogram], axis=-1).astype(np.float32)


HOME = make_structure(1)
ELSEWHERE = make_structure(2)


def flat_structure(luma: float = 0.35) -> NDArray[np.float32]:
    """Return the structure of a cover close to the lens: one grey, no edges."""
    structure = np.zeros((ROWS, COLUMNS, 10), dtype=np.float32)
    structure[..., 0] = luma
    return structure


_LEARNED: dict[str, dict[str, Any]] = {}
"""What a new timeline has become after `learn`, by what it was asked: hours of a camera take two seconds of CPU."""


class CameraTimeline:
    """Feeds one camera second by second, keeps what came of it, and can be killed and started again."""

    def __init__(
        self,
        camera: Camera | None = None,
        policy: Policy | None = None,
        *,
        store: FakeScoreStore | None = None,
        start: datetime = START,
    ) -> None:
        self.camera = camera or Camera("gate", "rtsp://camera.test/1")
        self.policy = policy or Policy()
        self.store = store or FakeScoreStore()
        self.now = start
        self.messages: list[OutboxEntry] = []
        self.transitions: list[AlertTransition] = []
        self.spans: list[VerdictSpan] = []
        self.judged: Evaluation | None = None
        self.session = "s1"
        self.sequence = -1
        self._random = np.random.default_rng(7)
        self._errors = 0
        self._has_own_store = store is None
        self.restart()

    def restart(self) -> None:
        """Forget everything in memory and go on from what was stored."""
        alerts = FakeAlertStore(self.store)
        name = self.camera.name
        incident = next(iter(alerts.incidents(state=IncidentState.OPEN, stream_id=name)), None)
        span = alerts.last_span(name)
        self.state = restore_state(self.camera, alerts.alerts(name), alerts.baselines(name), incident, span)

    def observe(self, observation: Observation) -> Evaluation:
        judged = evaluate_observation(self.state, self.camera, observation, self.policy)
        self.store.add(
            BatchResult(
                verdicts=judged.changes,
                alerts=judged.alerts,
                transitions=judged.transitions,
                incidents=judged.incidents,
                outbox=judged.outbox,
                baselines=judged.baselines,
                spans=judged.spans,
            )
        )
        self.state, self.judged = judged.state, judged
        self.messages += judged.outbox
        self.transitions += judged.transitions
        self.spans += judged.spans
        return judged

    def frame(self, values: Mapping[str, float], structure: NDArray[np.float32] | None, jitter: float) -> Evaluation:
        self.sequence += 1
        ref = FrameRef(self.camera.name, self.session, self.sequence, None, self.now)
        noisy = {metric: value * (1 + jitter * self._random.standard_normal()) for metric, value in values.items()}
        return self.observe(FrameScores(ref, noisy, structure=structure, width=1920, height=1080))

    def status(
        self,
        state: ConnectionState = ConnectionState.LIVE,
        *,
        reason: str = "",
        last_frame_s: float = 0.0,
        counters: Mapping[str, float] | None = None,
    ) -> Evaluation:
        usual = StreamCounters(fps=25.0, bitrate_bps=4e6, qp=26.0, width=1920, height=1080, codec="h264")
        counted = replace(usual, **(counters or {}))  # type: ignore[arg-type]
        last = self.now - timedelta(seconds=last_frame_s)
        status = StreamStatus(
            self.camera.name, self.session, self.sequence, self.now, state, reason, last, counted, self.camera.plan
        )
        return self.observe(status)

    def play(
        self,
        seconds: float,
        values: Mapping[str, float] = DAY,
        structure: NDArray[np.float32] | None = HOME,
        *,
        step_s: float = 1.0,
        jitter: float = 0.03,
        counters: Mapping[str, float] | None = None,
    ) -> None:
        """Deliver pictures of these numbers, and live statuses with these counters, for this long."""
        for _ in range(round(seconds / step_s)):
            self.now += timedelta(seconds=step_s)
            self.status(counters=counters)
            self.frame(values, structure, jitter)

    def out(self, seconds: float, state: ConnectionState = ConnectionState.LOST, *, reason: str = "") -> None:
        """Deliver nothing but statuses of this state, every two seconds."""
        for _ in range(round(seconds / 2)):
            self.now += timedelta(seconds=2)
            self.status(state, reason=reason, last_frame_s=1e4)

    def silent(self, seconds: float) -> None:
        """Deliver nothing at all; time goes by."""
        for _ in range(round(seconds / 5)):
            self.now += timedelta(seconds=5)
            self.observe(Tick(self.now))

    def learn(self, values: Mapping[str, float] = DAY, counters: Mapping[str, float] | None = None) -> None:
        """Play the hours that a reference takes; a second new timeline of this process takes them from the first."""
        asked = repr((self.camera, self.policy, self.now, dict(values), counters))
        is_new = self._has_own_store and self.sequence == -1 and not self.store.units
        if is_new and asked in _LEARNED:
            own = {"camera": self.camera, "policy": self.policy}
            vars(self).update(deepcopy(_LEARNED[asked]) | own)
            return
        self.play(self.policy.learn_s + 600, values, step_s=30.0, counters=counters)
        if is_new:
            _LEARNED[asked] = deepcopy(vars(self))

    def verdict(self, fault: Fault) -> Verdict:
        assert self.judged is not None
        return next(verdict for verdict in self.judged.verdicts if verdict.fault is fault)

    def alert_state(self, fault: Fault) -> AlertState:
        return next(track.alert.state for track in self.state.tracks if track.fault is fault)

    @property
    def fired(self) -> list[Fault]:
        return [step.fault for step in self.transitions if step.to_state is AlertState.FIRING]
