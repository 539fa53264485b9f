"""Visits each camera once: several streams at a time, one session each; recordings and pictures one by one."""

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime

from api.jpeg import encode_jpeg
from detectors.metric_table import read_every_metric
from detectors.registry import DetectorSet
from domain.cameras import Camera, ConnectionState, StreamCounters, StreamStatus
from domain.errors import FrameRejected, SourceUnavailable
from domain.evidence_metrics import EVIDENCE_METRICS
from domain.faults import FAULT_LABELS, Fault
from domain.frames import Frame
from domain.messages import Delivery
from domain.ports import Clock, FrameSource
from domain.text.addresses import parse_address
from domain.text.camera_urls import redact_url
from evaluation.fleet import PIXELS
from evaluation.policy import Policy
from evaluation.rules.rule_check import not_measured_reason
from ingest.read.recordings import find_file_path
from ingest.supervise.ipc import ReaderSetup
from ingest.supervise.supervisor import IngestSupervisor
from reports.survey.visits import SurveyEntry, SurveyFinding, VisitTally
from sightline.config.settings import Settings
from sightline.models.configured_models import configure_detectors
from sightline.runtime.clock import SystemClock
from sightline.standalone.clip_evaluation import (
    NO_CONNECTION,
    EvaluatedFrame,
    OpenSource,
    ScoringRun,
    open_at_full_speed,
)
from sightline.standalone.inputs import PICTURES, ScoreInput
from transport.embedded import EmbeddedQueue
from workers.frame_scoring.device import resolve_device, use_threads
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.stream_evaluator import StreamEvaluator, make_fresh_state

CONNECT_S = 25.0
"""A camera that sent no picture for this long is not waited for any longer."""
MOST_A_HOST = 4
"""Sessions with one host at a time: a recorder with many channels allows few."""
POLL_S = 0.25
THUMBNAIL_WIDTH = 240
_NOT_OF_FILES = (
    NO_CONNECTION,
    *(not_measured_reason(metric, EVIDENCE_METRICS) for metric in ("decode_errors_per_min", "fps", "bitrate_bps")),
)
"""Reasons that only say that a file is no stream."""
_ENDED = {
    ConnectionState.LOST: Fault.SIGNAL_LOSS,
    ConnectionState.REFUSED: Fault.LOGIN_REFUSED,
    ConnectionState.UNSUPPORTED: Fault.CODEC_UNSUPPORTED,
}


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """How each camera is visited: for how long, how many at once, and whether a thumbnail is kept."""

    for_s: float = 10.0
    parallel: int = 8
    thumbnails: bool = False
    device: str | None = None


@dataclass(slots=True)
class _Visit:
    """One visit in progress; times are seconds of `time.monotonic`."""

    camera: Camera
    began_s: float
    first_s: float | None = None
    last_s: float | None = None
    tally: VisitTally = field(default_factory=VisitTally)
    status: StreamStatus | None = None
    frame: Frame | None = None
    ended: bool = False

    def is_over(self, now_s: float, for_s: float) -> bool:
        if self.ended:
            return True
        if self.first_s is None:
            return now_s - self.began_s > CONNECT_S
        return now_s - self.first_s >= for_s or now_s - self.began_s > CONNECT_S + 2 * for_s


class SurveyRun:
    """Visits cameras and gives an entry for each, in the order in which the visits end."""

    def __init__(self, settings: Settings, plan: VisitPlan, clock: Clock | None = None) -> None:
        self._settings = settings
        self._plan = plan
        self._clock = clock or SystemClock()
        self._device = resolve_device(plan.device or settings.device)
        use_threads(settings.threads)
        self._detectors = configure_detectors(settings)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprint of every detector that judges."""
        return detector_fingerprints(self._detectors)

    def now(self) -> datetime:
        return self._clock.now()

    def visit(self, cameras: Sequence[Camera], stop: threading.Event) -> Iterator[SurveyEntry]:
        """Visit every camera until `stop` is set; a visit that is not finished then is left out."""
        for camera in cameras:
            if _is_file(camera) and not stop.is_set():
                yield self._read_file(camera)
        live = [camera for camera in cameras if not _is_file(camera)]
        if live:
            yield from self._visit_streams(live, stop)

    def _read_file(self, camera: Camera) -> SurveyEntry:
        """Judge a recording's first seconds, or a picture."""
        path = find_file_path(camera.url)
        kept = _LastFrame(open_at_full_speed(self._settings.ingest.limits()))
        run = ScoringRun(
            plan=camera.plan, settings=self._settings, device=self._plan.device, open_with=kept.open,
            detectors=self._detectors,
        )  # fmt: skip
        tally, reason, seconds = VisitTally(), "", 0.0
        is_picture = any(path.lower().endswith(ending) for ending in PICTURES)
        try:
            for judged in run.evaluate(ScoreInput(path, is_picture=is_picture)):
                if isinstance(judged, EvaluatedFrame):
                    tally.add(judged.verdicts, judged.values)
                    seconds = judged.at_s
                else:
                    reason = judged.reason
                if seconds >= self._plan.for_s:
                    break
        except SourceUnavailable as error:
            reason = str(error)
        counters = None if is_picture or kept.source is None else kept.source.counters()
        not_judged_reason = tally.not_judged_reason() if tally.frames else reason or "no picture in it"
        return self._entry(camera, tally, (), not_judged_reason, _Shot(kept.frame, counters, seconds))

    def _visit_streams(self, cameras: Sequence[Camera], stop: threading.Event) -> Iterator[SurveyEntry]:
        queue = EmbeddedQueue(max_frames=4 * self._plan.parallel)
        setup = ReaderSetup(limits=self._settings.ingest.limits())
        supervisor = IngestSupervisor([], queue.publisher(), self._clock, setup=setup)
        scorer, judge = (
            FrameScorer(self._detectors, self._device),
            StreamEvaluator(make_fresh_state, replace(Policy.for_clips(), metrics=read_every_metric())),
        )
        waiting, active = deque(cameras), dict[str, _Visit]()
        supervisor.start()
        try:
            with closing(queue.consumer()) as consumer:
                while (waiting or active) and not stop.is_set():
                    if _begin(waiting, active, self._plan.parallel):
                        supervisor.update([visit.camera for visit in active.values()])
                    batch = consumer.poll(4 * self._plan.parallel, POLL_S)
                    _judge(batch.deliveries, active, scorer, judge)
                    consumer.commit(batch)
                    over = [v for v in active.values() if v.is_over(time.monotonic(), self._plan.for_s)]
                    for visit in over:
                        del active[visit.camera.name]
                        judge.forget(visit.camera.name)
                        scorer.forget(visit.camera.name)
                        yield self._entry_of_visit(visit)
                    if over:
                        supervisor.update([visit.camera for visit in active.values()])
        finally:
            supervisor.stop()

    def _entry_of_visit(self, visit: _Visit) -> SurveyEntry:
        finding = _connection_finding(visit)
        status = visit.status
        seconds = 0.0 if visit.first_s is None or visit.last_s is None else visit.last_s - visit.first_s
        shot = _Shot(visit.frame, None if status is None else status.counters, seconds)
        return self._entry(visit.camera, visit.tally, finding, visit.tally.not_judged_reason(), shot)

    def _entry(
        self, camera: Camera, tally: VisitTally, seen: Sequence[SurveyFinding], not_judged_reason: str, shot: "_Shot"
    ) -> SurveyEntry:
        picture = b""
        if self._plan.thumbnails and shot.frame is not None:
            picture = _thumbnail(shot.frame)
        return SurveyEntry(
            name=camera.name,
            site=camera.site,
            group=camera.group,
            address=redact_url(camera.url),
            frames=tally.frames,
            seconds=shot.seconds,
            findings=tally.findings(seen),
            not_judged_reason=not_judged_reason,
            not_judged=tally.not_judged(_NOT_OF_FILES if _is_file(camera) else ()),
            checks_made=tally.checks_made,
            quality=tally.quality,
            facts=_facts(shot),
            picture=picture,
            numbers=tally.numbers if shot.frame is None else {**tally.numbers, PIXELS: _pixels(shot.frame)},
        )


@dataclass(frozen=True, slots=True)
class _Shot:
    """The last picture of a visit, what was counted of its stream, and over how many seconds it was judged."""

    frame: Frame | None
    counters: StreamCounters | None
    seconds: float


def _pixels(frame: Frame) -> float:
    return float(frame.format.width * frame.format.height)


class _LastFrame:
    """Opens sources and remembers the last picture that was read."""

    def __init__(self, open_with: OpenSource) -> None:
        self._open = open_with
        self.frame: Frame | None = None
        self.source: FrameSource | None = None

    def open(self, camera: Camera, clock: Clock) -> FrameSource:
        self.source = self._open(camera, clock)
        return _Remembering(self.source, self)


class _Remembering:
    """A source that leaves its last frame with `keeper`."""

    def __init__(self, source: FrameSource, keeper: _LastFrame) -> None:
        self._source = source
        self._keeper = keeper

    def frames(self) -> Iterator[Frame]:
        for frame in self._source.frames():
            self._keeper.frame = frame
            yield frame

    def counters(self) -> StreamCounters:
        return self._source.counters()

    def close(self) -> None:
        self._source.close()


def _begin(waiting: deque[Camera], active: dict[str, _Visit], parallel: int) -> bool:
    """Begin visits while there is room, at no host more than it may bear; say whether any was begun."""
    hosts = Counter(_host(visit.camera) for visit in active.values())
    begun = False
    for _ in range(len(waiting)):
        if len(active) >= parallel:
            break
        camera = waiting.popleft()
        if hosts[_host(camera)] >= MOST_A_HOST:
            waiting.append(camera)
            continue
        hosts[_host(camera)] += 1
        active[camera.name] = _Visit(camera, time.monotonic())
        begun = True
    return begun


def _judge(
    deliveries: Sequence[Delivery], active: dict[str, _Visit], scorer: FrameScorer, judge: StreamEvaluator
) -> None:
    """Score and judge what came of the visits in progress; what comes late of an ended one is passed over."""
    messages = [each.message for each in deliveries if each.message.stream_id in active]
    frames = [message for message in messages if isinstance(message, Frame)]
    masks = [active[frame.ref.stream_id].camera.masks for frame in frames]
    scored = iter(scorer.score(frames, masks).by_place(len(frames)))
    for message in messages:
        visit = active[message.stream_id]
        observation = next(scored) if isinstance(message, Frame) else message
        if isinstance(message, Frame):
            visit.frame, visit.last_s = message, time.monotonic()
            visit.first_s = visit.first_s or visit.last_s
        else:
            visit.status = message
            visit.ended = visit.ended or message.state in _ENDED
        if observation is None:
            continue
        judgement = judge.begin()
        judged = judge.observe(judgement, visit.camera, observation)
        judge.keep(judgement)
        if isinstance(message, Frame):
            visit.tally.add(judged.verdicts, judged.snapshot.values)


def _connection_finding(visit: _Visit) -> Sequence[SurveyFinding]:
    """Return what the connection itself shows to be wrong."""
    status = visit.status
    reason = status.reason if status is not None else ""
    if status is not None and status.state in _ENDED:
        return [SurveyFinding(_ENDED[status.state], reason or FAULT_LABELS[_ENDED[status.state]])]
    if visit.first_s is not None:
        return []
    live = status is not None and status.state in (ConnectionState.LIVE, ConnectionState.STALLED)
    fault = Fault.NO_FRAMES if live else Fault.SIGNAL_LOSS
    return [SurveyFinding(fault, f"no picture came within {CONNECT_S:.0f} s" + (f": {reason}" if reason else ""))]


def detector_fingerprints(detectors: DetectorSet) -> dict[str, str]:
    """Return the fingerprint of every model of a set."""
    return {model.name: model.fingerprint for model in detectors.models}


def _facts(shot: _Shot) -> str:
    """Return size, codec and rates in words, as far as they are known."""
    said = [] if shot.frame is None else [f"{shot.frame.format.width} x {shot.frame.format.height}"]
    if shot.counters is not None:
        said += [shot.counters.codec] if shot.counters.codec else []
        said += [f"{shot.counters.fps:.1f} frames/s"] if shot.counters.fps is not None else []
        bits = shot.counters.bitrate_bps
        said += [f"{bits / 1e6:.2f} Mbit/s"] if bits is not None else []
    return ", ".join(said)


def _thumbnail(frame: Frame) -> bytes:
    try:
        return encode_jpeg(frame, THUMBNAIL_WIDTH)
    except FrameRejected:
        return b""


def _is_file(camera: Camera) -> bool:
    return camera.url.startswith("file:")


def _host(camera: Camera) -> str:
    address = parse_address(camera.url)
    return "" if address is None else address.host
