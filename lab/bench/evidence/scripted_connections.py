"""Connection faults as ingest would tell them: scripted statuses, and frames that stay as healthy as they were."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.faults import Fault
from domain.frames import FrameRef
from domain.metrics import FrameScores
from lab.bench.evidence.playback import Observation
from simulation.fault_injection import Strength

WARM_UP_S, FAULT_S = 30, 60
_EVERY_S = 2
_START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_HEALTHY = StreamCounters(fps=25.0, bitrate_bps=2e6, qp=26.0, gop_s=1.0, width=1280, height=720, codec="h264")
_VALUES = {"luma_mean": 0.45, "luma_p95": 0.8, "saturation": 0.06, "change_median": 1.5, "change_share": 0.4}

_FPS_LEFT = {Strength.MILD: 0.6, Strength.MEDIUM: 0.4, Strength.SEVERE: 0.1}
_ERRORS_PER_MIN = {Strength.MILD: 6, Strength.MEDIUM: 30, Strength.SEVERE: 300}

Script = Callable[[StreamStatus, float, Strength], StreamStatus]
"""(a healthy status, seconds since the fault began, strength) -> what ingest says instead."""


def _state(state: ConnectionState, reason: str) -> Script:
    def build_status(healthy: StreamStatus, _since_s: float, _strength: Strength) -> StreamStatus:
        return replace(healthy, state=state, reason=reason)

    return build_status


def _low_fps(healthy: StreamStatus, _since_s: float, strength: Strength) -> StreamStatus:
    return replace(healthy, counters=replace(healthy.counters, fps=25.0 * _FPS_LEFT[strength]))


def _decode_errors(healthy: StreamStatus, since_s: float, strength: Strength) -> StreamStatus:
    errors = round(_ERRORS_PER_MIN[strength] * (since_s + _EVERY_S) / 60)
    return replace(healthy, counters=replace(healthy.counters, decode_errors=errors))


def _resolution(healthy: StreamStatus, _since_s: float, _strength: Strength) -> StreamStatus:
    return replace(healthy, counters=replace(healthy.counters, width=640, height=360))


def _codec(healthy: StreamStatus, _since_s: float, _strength: Strength) -> StreamStatus:
    return replace(healthy, counters=replace(healthy.counters, codec="hevc"))


SCRIPTS: Mapping[Fault, Script] = {
    Fault.SIGNAL_LOSS: _state(ConnectionState.LOST, "connection refused"),
    Fault.NO_FRAMES: _state(ConnectionState.STALLED, "no picture"),
    Fault.LOGIN_REFUSED: _state(ConnectionState.REFUSED, "login refused"),
    Fault.CODEC_UNSUPPORTED: _state(ConnectionState.UNSUPPORTED, "codec unknown"),
    Fault.LOW_FPS: _low_fps,
    Fault.DECODE_ERRORS: _decode_errors,
    Fault.RESOLUTION_CHANGED: _resolution,
    Fault.CODEC_CHANGED: _codec,
}
GRADED = frozenset({Fault.LOW_FPS, Fault.DECODE_ERRORS})
"""The others are there or not: their strengths do not differ."""
_BLIND = frozenset({Fault.SIGNAL_LOSS, Fault.NO_FRAMES, Fault.LOGIN_REFUSED, Fault.CODEC_UNSUPPORTED})


def script_fault(fault: Fault, strength: Strength) -> list[Observation]:
    """Return `WARM_UP_S` healthy seconds and `FAULT_S` with the fault: a status every 2 s, a frame every second."""
    return list(_script_statuses(fault, strength))


def _script_statuses(fault: Fault, strength: Strength) -> Iterator[Observation]:
    for second in range(WARM_UP_S + FAULT_S):
        at = _START + timedelta(seconds=second)
        since_s = second - WARM_UP_S
        if second % _EVERY_S == 0:
            healthy = StreamStatus("script", "s", second, at, ConnectionState.LIVE, "", at, _HEALTHY)
            yield SCRIPTS[fault](healthy, since_s, strength) if since_s >= 0 else healthy
        if since_s < 0 or fault not in _BLIND:
            yield FrameScores(FrameRef("script", "s", second, float(second), at), _VALUES)
