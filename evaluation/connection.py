"""What a connection's statuses say: lost, silent, refused, starved, changed. Pure; keeps no more than it must."""

from dataclasses import dataclass, replace
from datetime import datetime

from domain.cameras import Camera, ConnectionState, SamplingMode, StreamStatus
from domain.faults import FAULT_LABELS, Fault
from evaluation.policy import Policy
from evaluation.rules.fault_rules import RULES
from evaluation.rules.rule_check import RuleResult, never_assessable_reason

STALL_S = 10.0
"""A connection that calls itself live but decoded no picture for this long has stalled."""
SHORTEST_SPAN_S = 15.0
"""Errors a minute are computed over no less than this, or one error in the first status would read as thirty a
minute."""


@dataclass(frozen=True, slots=True)
class ConnectionHistory:
    """The last status and the little of the past that judging it needs.

    `errors` are (time, decode errors and corrupt frames counted so far) of the last `error_window_s`; `size` and
    `codec` are the last ones known; `changed` maps an event fault to what it says.
    """

    status: StreamStatus | None = None
    down: Fault | None = None
    errors: tuple[tuple[datetime, int], ...] = ()
    size: tuple[int, int] = (0, 0)
    codec: str = ""
    changed: tuple[tuple[Fault, str], ...] = ()

    @property
    def live(self) -> bool:
        return self.status is not None and self.status.state is ConnectionState.LIVE

    @property
    def is_resting(self) -> bool:
        return self.status is not None and self.status.state is ConnectionState.RESTING

    def is_silent(self, now: datetime, policy: Policy) -> bool:
        """Return whether a status from ingest is overdue; a patrol at rest may be quiet until its next visit."""
        if self.status is None:
            return False
        grace_s = self.status.plan.every_s if self.is_resting else 0.0
        return (now - self.status.received_at).total_seconds() > policy.silent_s + grace_s


_FAULT_OF_STATE = {
    ConnectionState.LOST: Fault.SIGNAL_LOSS,
    ConnectionState.REFUSED: Fault.LOGIN_REFUSED,
    ConnectionState.UNSUPPORTED: Fault.CODEC_UNSUPPORTED,
    ConnectionState.STALLED: Fault.NO_FRAMES,
}
STATE_FAULTS = (Fault.SIGNAL_LOSS, Fault.NO_FRAMES, Fault.LOGIN_REFUSED, Fault.CODEC_UNSUPPORTED)
EVENT_FAULTS = (Fault.RESOLUTION_CHANGED, Fault.CODEC_CHANGED)


def update_connection(
    connection: ConnectionHistory, status: StreamStatus, now: datetime, policy: Policy
) -> ConnectionHistory:
    """Return the connection after one more status."""
    counters = status.counters
    changed = []
    size = (counters.width, counters.height)
    if status.state is not ConnectionState.LIVE or not all(size):
        size = connection.size
    elif all(connection.size) and size != connection.size:
        changed.append((Fault.RESOLUTION_CHANGED, "from {}x{} to {}x{}".format(*connection.size, *size)))
    codec = counters.codec if status.state is ConnectionState.LIVE and counters.codec else connection.codec
    if connection.codec and codec != connection.codec:
        changed.append((Fault.CODEC_CHANGED, f"from {connection.codec} to {codec}"))
    return ConnectionHistory(
        status=status,
        down=_find_connection_fault(connection, status),
        errors=_count_errors(connection, status, now, policy),
        size=size,
        codec=codec,
        changed=tuple(changed),
    )


def _find_connection_fault(connection: ConnectionHistory, status: StreamStatus) -> Fault | None:
    """Return what keeps the camera from being seen; an attempt to connect changes nothing before it succeeds."""
    if status.state is ConnectionState.CONNECTING:
        return connection.down
    # What is decoded counts, not what sampling chose to offer.
    seen_at = max((at for at in (status.last_picture_at, status.last_frame_at) if at is not None), default=None)
    if status.state is ConnectionState.LIVE and seen_at is not None:
        stall_s = max(STALL_S, 3 * status.plan.interval_s, 3 * (status.counters.gop_s or 0.0))
        # By its own time: a status that waited in the queue says nothing of a stall since.
        return Fault.NO_FRAMES if (status.received_at - seen_at).total_seconds() > stall_s else None
    return _FAULT_OF_STATE.get(status.state)


def _count_errors(
    connection: ConnectionHistory, status: StreamStatus, now: datetime, policy: Policy
) -> tuple[tuple[datetime, int], ...]:
    count = status.counters.decode_errors + status.counters.corrupt_frames
    if connection.errors and count < connection.errors[-1][1]:
        return ((now, count),)  # ingest was restarted and counts from nought
    fresh = [e for e in connection.errors if (now - e[0]).total_seconds() <= policy.error_window_s]
    return (*fresh, (now, count))


def connection_metrics(connection: ConnectionHistory) -> dict[str, float]:
    """Return the numbers of the last status that rules judge and baselines learn; empty unless live.

    `fps`, `bitrate_bps` and `qp` as ingest counted them, `decode_errors_per_min` over the last half minute.
    """
    status = connection.status
    if status is None or not connection.live:
        return {}
    counters = status.counters
    rates = {"fps": counters.fps, "bitrate_bps": counters.bitrate_bps, "qp": counters.qp}
    values = {metric: value for metric, value in rates.items() if value is not None}
    if len(connection.errors) > 1:
        (first, before), (last, after) = connection.errors[0], connection.errors[-1]
        seconds = max((last - first).total_seconds(), SHORTEST_SPAN_S)
        values["decode_errors_per_min"] = 60.0 * (after - before) / seconds
    return values


def picture_not_assessable_reason(connection: ConnectionHistory) -> str:
    """Return why the picture of this stream cannot be judged now, or ""."""
    if connection.status is None:
        return ""
    if connection.live:
        return FAULT_LABELS[connection.down] if connection.down is not None else ""
    return {
        ConnectionState.CONNECTING: connection.status.reason or "connecting",
        ConnectionState.STALLED: "connected, no video",
        ConnectionState.LOST: "no connection",
        ConnectionState.REFUSED: "login refused",
        ConnectionState.UNSUPPORTED: "codec not supported",
        ConnectionState.RESTING: _resting_reason(connection.status),
    }[connection.status.state]


def _resting_reason(status: StreamStatus) -> str:
    """Return why nothing is read now: a patrol is elsewhere, or a recording has ended, as its status says."""
    between_visits = "resting between two patrol visits"
    return between_visits if status.plan.mode is SamplingMode.PATROL else status.reason or between_visits


def clear_change_events(connection: ConnectionHistory) -> ConnectionHistory:
    """Return the connection with its change events taken note of."""
    return replace(connection, changed=()) if connection.changed else connection


def judge_connection(connection: ConnectionHistory, camera: Camera) -> dict[Fault, RuleResult]:
    """Return one outcome for each fault that the connection's state decides."""
    status = connection.status
    reason = picture_not_assessable_reason(connection)
    outcomes = {}
    connected = status is not None and status.state in (ConnectionState.LIVE, ConnectionState.STALLED)
    for fault in STATE_FAULTS:
        if connection.down is fault:
            detail = f": {status.reason}" if status is not None and status.reason else ""
            outcomes[fault] = RuleResult(True, RULES[fault].says + detail)
        elif connected:
            outcomes[fault] = RuleResult(False)
        else:
            outcomes[fault] = RuleResult(None, reason or FAULT_LABELS[connection.down or fault])
    changed = dict(connection.changed)
    for fault in EVENT_FAULTS:
        outcomes[fault] = RuleResult(fault in changed, f"{RULES[fault].says} {changed.get(fault, '')}")
    for fault in outcomes:
        objection = never_assessable_reason(RULES[fault], camera)
        if objection:
            outcomes[fault] = RuleResult(None, objection)
    return outcomes
