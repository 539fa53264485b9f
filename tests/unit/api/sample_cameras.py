"""A small set of cameras in every state, over the fakes of the ports: what the API's tests and pictures look at."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np

from domain.alerts import Alert, AlertState, Incident, IncidentState
from domain.baselines import LightMode
from domain.cameras import Camera, ConnectionState, StreamCounters, StreamStatus
from domain.faults import Evidence, Fault, NotAssessable, Verdict, VerdictState
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from domain.messages import BatchResult, StreamSnapshot, VerdictChange
from domain.metrics import Direction, FrameScores, MetricSpec
from evaluation.rules.fault_rules import RULES
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeScoreStore, FakeStreamStore


def spec(key: str, label: str, unit: str = "", low: float = 0.0, high: float = 1.0) -> MetricSpec:
    return MetricSpec(key, label, unit, low, high, Direction.NEITHER, "ours")


METRICS = {
    each.key: each
    for each in (
        spec("luma_mean", "Mean luma"),
        spec("contrast_rms", "Contrast", high=0.5),
        spec("edge_width", "Edge width", "px", high=math.inf),
        spec("noise_sigma", "Noise", "levels", high=255.0),
        spec("blockiness", "Blockiness", "ratio", high=math.inf),
        spec("saturation", "Saturation", high=0.71),
        spec("change_median", "Change", "levels", high=255.0),
    )
}

USUAL = {
    "luma_mean": 0.42,
    "contrast_rms": 0.21,
    "edge_width": 1.9,
    "noise_sigma": 1.6,
    "blockiness": 1.04,
    "saturation": 0.11,
    "change_median": 2.4,
}


class SampleCameras:
    """The ports with their cameras; `clock` stands still unless moved."""

    def __init__(self) -> None:
        self.clock = FakeClock(START + timedelta(days=1))
        self.streams = FakeStreamStore()
        self.scores = FakeScoreStore(self.streams)
        self.alerts = FakeAlertStore(self.scores, self.streams)
        self.live = FakeLiveState()

    def add(self, camera: Camera) -> Camera:
        self.streams.put_camera(camera, by="test", at=self.clock.now())
        return camera

    def healthy(self, camera: Camera, *, learning: int = 0) -> StreamSnapshot:
        """Put `camera` on stage in good order, with `learning` checks waiting for a baseline."""
        self.add(camera)
        snapshot = StreamSnapshot(
            stream_id=camera.name,
            at=self.clock.now(),
            status=self.status(camera.name),
            mode=LightMode.DAY,
            verdicts=verdicts(camera, learning=learning),
            values=dict(USUAL),
        )
        self.live.put(snapshot)
        return snapshot

    def failing(self, camera: Camera, verdict: Verdict, *, severity: str = "warning", minutes: float = 4) -> Incident:
        """Put `camera` on stage with an open incident about `verdict`."""
        snapshot = self.healthy(camera)
        opened = self.clock.now() - timedelta(minutes=minutes)
        incident = Incident(
            incident_id=f"{camera.name}/{verdict.fault}/1",
            stream_id=camera.name,
            headline=verdict.fault,
            state=IncidentState.OPEN,
            opened_at=opened,
            updated_at=opened,
            site=camera.site,
            group=camera.group,
            severity=severity,
            evidence=verdict.evidence,
        )
        alert = Alert(camera.name, verdict.fault, AlertState.FIRING, opened, opened, incident.incident_id)
        self.scores.add(BatchResult(incidents=(incident,), alerts=(alert,)))
        values = dict(snapshot.values)
        if verdict.evidence.value is not None:
            values[verdict.evidence.metric] = verdict.evidence.value
        judged = tuple(verdict if each.fault is verdict.fault else each for each in snapshot.verdicts)
        self.live.put(replace(snapshot, verdicts=judged, alerts=(alert,), incident=incident, values=values))
        return incident

    def suspected(self, camera: Camera, verdict: Verdict) -> None:
        """Put `camera` on stage with a fault that was not told yet."""
        snapshot = self.healthy(camera)
        judged = tuple(verdict if each.fault is verdict.fault else each for each in snapshot.verdicts)
        self.live.put(replace(snapshot, verdicts=judged))

    def status(self, name: str, state: ConnectionState = ConnectionState.LIVE, **counted: float) -> StreamStatus:
        counters = StreamCounters(
            packets=90_210,
            frames_decoded=3609,
            frames_offered=3609,
            frames_dropped=4,
            reconnects=1,
            fps=25.0,
            bitrate_bps=3.8e6,
            qp=27.1,
            gop_s=1.0,
            width=1920,
            height=1080,
            codec="h264",
        )
        now = self.clock.now()
        return StreamStatus(
            stream_id=name,
            session_id="s1",
            sequence=3608,
            received_at=now,
            state=state,
            last_frame_at=now - timedelta(seconds=0.6),
            counters=replace(counters, **counted),  # type: ignore[arg-type]  # numbers by field name
        )

    def past(self, name: str, values: dict[str, float], *, minutes: float = 10, every_s: float = 10) -> None:
        """Store scores that move gently around `values` up to now."""
        count = int(minutes * 60 / every_s)
        scores = tuple(
            FrameScores(
                FrameRef(name, "s1", i, None, self.clock.now() - timedelta(seconds=every_s * (count - i))),
                {key: value * (1 + 0.05 * math.sin(i / 5 + len(name))) for key, value in values.items()},
            )
            for i in range(count)
        )
        self.scores.add(BatchResult(scores=scores))

    def changes(self, camera: Camera, *seen: Verdict) -> tuple[VerdictChange, ...]:
        """Return all verdicts of `camera` in good order but for `seen`, as a unit stores them."""
        instead = {verdict.fault: verdict for verdict in seen}
        judged = (instead.get(verdict.fault, verdict) for verdict in verdicts(camera))
        return tuple(VerdictChange(camera.name, verdict, self.clock.now()) for verdict in judged)

    def show(self, name: str, rgb: np.ndarray) -> None:
        """Make `rgb` (H, W, 3) uint8 the picture of now."""
        height, width = rgb.shape[:2]
        ref = FrameRef(name, "s1", 3608, None, self.clock.now())
        self.live.put_picture(Frame(ref, FrameFormat(width, height, "rgb24", ColorRange.FULL), (rgb,)))


def verdicts(camera: Camera, *, learning: int = 0) -> tuple[Verdict, ...]:
    """All 29 verdicts of a camera in good order; the last `learning` of those that apply wait for a baseline."""
    judged = []
    for fault in Fault:
        if RULES[fault].analogue_only and not camera.analogue:
            judged.append(Verdict(fault, VerdictState.NOT_ASSESSABLE, "judged on analogue encoders only"))
        else:
            judged.append(Verdict(fault, VerdictState.OK))
    asked = [i for i, verdict in enumerate(judged) if verdict.state is VerdictState.OK]
    for i in asked[len(asked) - learning :]:
        judged[i] = Verdict(
            judged[i].fault, VerdictState.NOT_ASSESSABLE, "learning day", cause=NotAssessable.NEEDS_BASELINE
        )
    return tuple(judged)


def blur_verdict(value: float = 7.1) -> Verdict:
    evidence = Evidence("edge_width", "px", value, None, 4.0, LightMode.DAY, START, 12)
    reason = f"the picture has no sharp edges: edge_width {value}, normal below 4"
    return Verdict(Fault.BLUR, VerdictState.FAULT, reason, evidence)


def signal_loss_verdict(reason: str = "the camera does not answer") -> Verdict:
    return Verdict(Fault.SIGNAL_LOSS, VerdictState.FAULT, reason, Evidence(since=START))


PURPLE = {"purple_share": 0.5, "lean_blue": 0.1, "saturation": 0.4}
SITE_SIZE = 10


def put_site(stage: SampleCameras, site: str = "north", *, learned: bool = False) -> None:
    """Ten cameras in good order, the first of them purple."""
    for place in range(SITE_SIZE):
        camera = Camera(f"{site} {place}", f"rtsp://10.0.0.{place + 1}/", site=site)
        snapshot = stage.healthy(camera)
        usual = {"purple_share": 0.02 + place / 1000, "lean_blue": place / 1000, "saturation": 0.1 + place / 500}
        until = None if learned else stage.clock.now() + timedelta(hours=3)
        values = {**snapshot.values, **(PURPLE if place == 0 else usual)}
        stage.live.put(replace(snapshot, values=values, learning_until=until))
