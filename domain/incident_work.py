"""What a person answers to an alarm, and what follows from it."""

from datetime import datetime

from domain.alerts import AlarmAnswer, Incident, IncidentAction, IncidentLogEntry
from domain.errors import ConfigError
from domain.faults import FAULT_LABELS, Fault
from domain.ports import AlertStore, StreamStore

NEVER_NORMAL = frozenset({Fault.SIGNAL_LOSS, Fault.NO_FRAMES, Fault.LOGIN_REFUSED, Fault.CODEC_UNSUPPORTED})
"""Without pictures there is no view that could be accepted."""


def answer_alarm(
    alerts: AlertStore,
    streams: StreamStore,
    incident: Incident,
    answer: AlarmAnswer,
    *,
    by: str,
    note: str,
    at: datetime,
) -> bool:
    """Record the answer; with "new normal" accept the present view of the camera first.

    Return whether a view was accepted: of a camera that was removed meanwhile none is. An answer may be changed by a
    later one, and the log keeps both. Raises `ConfigError` where the fault leaves no view to accept.
    """
    accepted = False
    if answer is AlarmAnswer.NEW_NORMAL:
        if not incident.stream_id:
            raise ConfigError("answer: several cameras are in this incident; accept the view of each camera instead")
        if incident.headline in NEVER_NORMAL:
            fault = FAULT_LABELS[incident.headline]
            raise ConfigError(f"answer: '{fault}' leaves no view to accept as normal; answer right or wrong")
        accepted = streams.accept_view(incident.stream_id, by=by, at=at)
    alerts.record_work(IncidentLogEntry(incident.incident_id, at, by, IncidentAction.ANSWER, answer, note))
    return accepted
