"""`/metrics` for Prometheus: one prefix, base units, labels bounded by the cameras there are.

Every sample is made at the scrape from the overview, so a camera that was retired, or of which nothing is known now,
has none: a stale good value is never exposed. A fault that is not assessable has no `sightline_camera_fault` sample;
`sightline_camera_checks` counts these.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.responses import Response

from api.backend import Backend, ProcessMetrics
from api.camera_rows import CameraRow
from api.camera_status import CameraState
from api.overview import Overview, read_overview
from api.request_context import BackendDependency
from domain.alerts import AlertState, IncidentState
from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.errors import StoreUnavailable
from domain.faults import VerdictState

router = APIRouter(include_in_schema=False)

_CAMERA_LABELS = ["camera", "site", "group"]


@dataclass(frozen=True, slots=True)
class _StatusMetric:
    """One number of a camera's status. `read` returns None where it is not known."""

    name: str
    text: str
    read: Callable[[StreamStatus], float | None]
    counter: bool = False


def _status_counter(name: str, text: str, read: Callable[[StreamCounters], int]) -> _StatusMetric:
    return _StatusMetric(name, text, lambda status: read(status.counters), counter=True)


_STATUS_METRICS = (
    _StatusMetric(
        "camera_up",
        "1 while the camera delivers pictures, 0 while it does not.",
        lambda status: float(status.state in (ConnectionState.LIVE, ConnectionState.RESTING)),
    ),
    _StatusMetric(
        "camera_last_frame_timestamp_seconds",
        "When the last frame was received, Unix time.",
        lambda status: None if status.last_frame_at is None else status.last_frame_at.timestamp(),
    ),
    _StatusMetric("camera_fps", "Frames a second the camera delivers.", lambda status: status.counters.fps),
    _StatusMetric(
        "camera_bitrate_bits_per_second",
        "Bits a second of the video stream.",
        lambda status: status.counters.bitrate_bps,
    ),
    _StatusMetric(
        "camera_quantiser", "Mean luma quantiser, in the codec's own units.", lambda status: status.counters.qp
    ),
    _StatusMetric("camera_gop_seconds", "Seconds between key frames.", lambda status: status.counters.gop_s),
    _status_counter("camera_reconnects", "Connections that were opened again.", lambda counters: counters.reconnects),
    _status_counter("camera_packets", "Packets received.", lambda counters: counters.packets),
    _status_counter("camera_frames_decoded", "Frames decoded.", lambda counters: counters.frames_decoded),
    _status_counter("camera_frames_offered", "Frames offered for scoring.", lambda counters: counters.frames_offered),
    _status_counter(
        "camera_frames_dropped", "Offered frames dropped unscored.", lambda counters: counters.frames_dropped
    ),
    _status_counter(
        "camera_decode_errors", "Packets that could not be decoded.", lambda counters: counters.decode_errors
    ),
    _status_counter("camera_corrupt_frames", "Frames decoded with errors.", lambda counters: counters.corrupt_frames),
)

PROCESS_METRICS: Mapping[str, str] = {
    "scoring_lag_messages": "Messages waiting to be scored.",
    "scoring_lag_seconds": "Age of the oldest message of the last poll when it was polled.",
    "units_total": "Batches stored.",
    "frames_scored_total": "Frames scored.",
    "frames_rejected_total": "Frames that could not be scored.",
    "frames_dropped_total": "Frames dropped unscored because scoring was too far behind.",
    "frames_refused_total": "Frames of an ingest process that lost its lease, or received outside the time kept.",
    "messages_skipped_total": "Messages delivered again, or of cameras no longer watched.",
    "messages_unreadable_total": "Messages that are not of this format and were put aside.",
    "messages_expired_total": "Messages the queue deleted before they were read.",
    "messages_put_aside_total": "Messages that no worker can judge or store and that were put aside, each alone.",
    "clock_offset_seconds": "How far the machine's clock is ahead of the time that Sightline lives by.",
    "clock_steps_total": "Steps of the machine's clock.",
}
"""What a process may report about itself; names that end in `_total` are counters."""

RECEIVER_METRICS: Mapping[str, str] = {
    "notifications_delivered_total": "Messages delivered to this receiver.",
    "notifications_failed_total": "Attempts to deliver to this receiver that failed.",
    "notifications_waiting": "Messages that wait for this receiver.",
}
"""What the process that sends messages reports of each receiver."""


class SightlineCollector(Collector):
    """Makes every family at each scrape, from the present."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def collect(self) -> Iterable[Metric]:
        now = read_overview(self._backend)
        yield _gauge("store_up", "1 while the store answers.", float(not now.store))
        yield _gauge(
            "live_up", "1 while the live state answers; else cameras are read from the store.", float(not now.live)
        )
        yield _gauge("cameras", "Cameras watched.", float(sum(row.camera.enabled for row in now.rows)))
        yield from _camera_state_metrics(now)
        yield from _stream_metrics(now)
        yield from _evaluation_metrics(now)
        yield from _incident_metrics(self._backend)
        yield from ProcessCollector(self._backend.process.health(), self._backend.process.metrics()).collect()


class ProcessCollector(Collector):
    """Numbers of the process itself: which parts are well, and what was counted (keys of `PROCESS_METRICS`)."""

    def __init__(self, health: Mapping[str, str], process_metrics: ProcessMetrics) -> None:
        self._health = health
        self._process_metrics = process_metrics

    def collect(self) -> Iterator[Metric]:
        for name, text in (*PROCESS_METRICS.items(), *RECEIVER_METRICS.items()):
            value = self._process_metrics.get(name)
            kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            full_name = f"sightline_{name.removesuffix('_total')}"
            if isinstance(value, Mapping):
                by_receiver = kind(full_name, text, labels=["receiver"])
                for receiver, number in value.items():
                    by_receiver.add_metric([receiver], number)
                yield by_receiver
            elif value is not None:
                yield kind(full_name, text, value=value)
        up = _family("part_up", "1 while this part of Sightline is well.", ["part"])
        for part, reason in self._health.items():
            up.add_metric([part], float(reason == ""))
        yield up


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"sightline_{name}", text, value=value)


def _family(name: str, text: str, labels: list[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"sightline_{name}", text, labels=labels)


def _label_values(row: CameraRow) -> list[str]:
    return [row.camera.name, row.camera.site, row.camera.group]


def _enabled_rows(now: Overview) -> Iterator[CameraRow]:
    return (row for row in now.rows if row.camera.enabled)


def _camera_state_metrics(now: Overview) -> Iterator[Metric]:
    known = _family("camera_known", "1 while it is known how the camera is, 0 while nothing is heard.", _CAMERA_LABELS)
    checks = _family("camera_checks", "Checks of this camera by result.", ["camera", "result"])
    for row in _enabled_rows(now):
        known.add_metric(_label_values(row), float(row.status.state is not CameraState.UNKNOWN))
        done = row.status.checks
        faults = 0
        if row.snapshot is not None:
            faults = sum(verdict.state is VerdictState.FAULT for verdict in row.snapshot.verdicts)
        for result, count in (("fault", faults), ("ok", done.done - faults), ("not_assessable", done.of - done.done)):
            checks.add_metric([row.camera.name, result], count)
    yield known
    yield checks


def _stream_metrics(now: Overview) -> Iterator[Metric]:
    for number in _STATUS_METRICS:
        kind = CounterMetricFamily if number.counter else GaugeMetricFamily
        family = kind(f"sightline_{number.name}", number.text, labels=_CAMERA_LABELS)
        for row in _enabled_rows(now):
            status = row.snapshot.status if row.snapshot is not None else None
            # A counter that fell to what the database knows would look like a restart, and then like a burst.
            is_known = status is not None and not (number.counter and row.stored)
            value = number.read(status) if status is not None and is_known else None
            if value is not None:
                family.add_metric(_label_values(row), value)
        yield family


def _evaluation_metrics(now: Overview) -> Iterator[Metric]:
    judged = _family("camera_judged_timestamp_seconds", "When the camera was judged last, Unix time.", _CAMERA_LABELS)
    score = _family("camera_score", "The newest score, in the metric's own unit.", ["camera", "metric"])
    fault = _family(
        "camera_fault", "1 while the fault is seen, 0 while it is not; no sample while not assessable.",
        ["camera", "fault"],
    )  # fmt: skip
    behind = _family("camera_lag_seconds", "Age of what was judged last when it was judged.", _CAMERA_LABELS)
    late = CounterMetricFamily(
        "sightline_camera_frames_dropped_late",
        "Frames dropped because scoring was too far behind.",
        labels=_CAMERA_LABELS,
    )
    firing = _family("camera_alert_firing", "1 for each alert that fires.", ["camera", "fault"])
    for row in _enabled_rows(now):
        if row.snapshot is None:
            continue
        name = row.camera.name
        judged.add_metric(_label_values(row), row.snapshot.at.timestamp())
        if row.snapshot.lag_s is not None:
            behind.add_metric(_label_values(row), row.snapshot.lag_s)
        if row.snapshot.frames_dropped is not None:
            late.add_metric(_label_values(row), row.snapshot.frames_dropped)
        for metric, value in row.snapshot.values.items():
            score.add_metric([name, metric], value)
        for verdict in row.snapshot.verdicts:
            if verdict.state is not VerdictState.NOT_ASSESSABLE:
                fault.add_metric([name, verdict.fault], float(verdict.state is VerdictState.FAULT))
        for alert in row.snapshot.alerts:
            if alert.state is AlertState.FIRING:
                firing.add_metric([name, alert.fault], 1)
    yield from (judged, behind, late, score, fault, firing)


def _incident_metrics(backend: Backend) -> Iterator[Metric]:
    """Yield open incidents by severity; nothing while the store is unavailable, which is not the same as no
    incident.
    """
    try:
        still_open = backend.alert_store.incidents(state=IncidentState.OPEN, limit=10_000)
    except StoreUnavailable:
        return
    family = _family("incidents_open", "Open incidents.", ["severity", "acknowledged"])
    for severity in ("critical", "warning", "info"):
        mine = [incident for incident in still_open if incident.severity == severity]
        acknowledged = sum(bool(incident.acknowledged_by) for incident in mine)
        family.add_metric([severity, "yes"], acknowledged)
        family.add_metric([severity, "no"], len(mine) - acknowledged)
    yield family


@router.get("/metrics")
def metrics(request: Request, backend: BackendDependency) -> Response:
    """Return the metrics in the format that the scraper prefers."""
    registry = CollectorRegistry()
    registry.register(SightlineCollector(backend))
    encoder, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encoder(registry), headers={"Content-Type": content_type})
