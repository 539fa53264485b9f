"""The demo's table says of each camera what a guard needs to know, and its patience stands beside production's."""

from datetime import UTC, datetime, timedelta
from io import StringIO

from rich.console import Console
from rich.table import Table

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.faults import Fault, NotAssessable, Verdict, VerdictState
from domain.messages import StreamSnapshot
from domain.records import ModelRecord
from evaluation.policy import Policy
from sightline.demo.display import (
    camera_table,
    delay_table,
    describe_camera,
    message_line,
    model_scores_line,
    models_line,
)

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def status(state: ConnectionState = ConnectionState.LIVE, reason: str = "") -> StreamStatus:
    seen = NOW - timedelta(seconds=1.4)
    return StreamStatus("gate", "s", 3, NOW, state, reason, seen, StreamCounters(fps=10.0))


def snapshot(
    *verdicts: Verdict,
    incident: Incident | None = None,
    state: ConnectionState = ConnectionState.LIVE,
    reason: str = "",
) -> StreamSnapshot:
    return StreamSnapshot("gate", NOW, status(state, reason), verdicts=verdicts, incident=incident)


BLUR = Verdict(Fault.BLUR, VerdictState.FAULT, "fine detail is gone: 0.2 of the usual")
INCIDENT = Incident("i", "gate", Fault.BLUR, IncidentState.OPEN, NOW, NOW, summary="gate: out of focus")


def text_of(table: Table) -> str:
    written = StringIO()
    Console(file=written, width=160).print(table)
    return written.getvalue()


def test_a_camera_nobody_heard_of_is_unknown_not_healthy() -> None:
    assert describe_camera(None)[0] == "unknown"
    assert describe_camera(snapshot(state=ConnectionState.LOST, reason="unreachable")) == ("unknown", "", "unreachable")


def test_states_are_reported_worst_first() -> None:
    well = Verdict(Fault.BLUR, VerdictState.OK)
    learning = Verdict(Fault.COVERED, VerdictState.NOT_ASSESSABLE, "learning day", cause=NotAssessable.NEEDS_BASELINE)
    assert describe_camera(snapshot(BLUR, incident=INCIDENT)) == ("ALERT", "out of focus", BLUR.reason)
    assert describe_camera(snapshot(BLUR))[0] == "suspected"
    assert describe_camera(snapshot(well, learning))[0] == "learning"
    assert describe_camera(snapshot(well)) == ("healthy", "", "1 of 1 checks made")


def test_an_alert_whose_fault_is_over_says_so() -> None:
    assert "over" in describe_camera(snapshot(Verdict(Fault.BLUR, VerdictState.OK), incident=INCIDENT))[2]


def test_the_table_shows_rate_and_age_and_lists_alerts_first() -> None:
    seen = {"gate": snapshot(Verdict(Fault.BLUR, VerdictState.OK)), "yard": snapshot(BLUR, incident=INCIDENT)}
    shown = text_of(camera_table(seen, ["gate", "yard", "park"], NOW, "cameras"))
    assert "10.0" in shown
    assert "1.4 s" in shown
    assert shown.index("yard") < shown.index("park") < shown.index("gate")


def test_what_the_models_say_stands_beside_the_faults() -> None:
    seen = StreamSnapshot("gate", NOW, status(), values={"image_quality": 63.4, "detectability": 88.0})
    shown = text_of(camera_table({"gate": seen}, ["gate", "door"], NOW, "cameras"))
    assert "quality" in shown
    assert " 63 " in shown
    assert " 88 " in shown
    assert "faces" in shown
    assert "people" in shown
    other = StreamSnapshot("door", NOW, status(), values={"image_quality": 20.0})
    assert model_scores_line({"gate": seen, "door": other}) == "quality 20-63, detects 88-88"
    assert model_scores_line({}) == ""


def test_the_models_that_judge_are_named_with_how_often_they_do() -> None:
    def record(name: str, every_s: float, *, judges: bool = True) -> ModelRecord:
        return ModelRecord(name, name, "on", judges, "", every_s, (), "", "")

    records = [record("mtcnn", 60.0), record("niqe", 10.0, judges=False), record("saliency_iqa", 10.0)]
    assert models_line(records) == "every 10 s: saliency_iqa; every 60 s: mtcnn"
    assert models_line([]) == "none"


def test_the_demos_times_stand_beside_productions() -> None:
    shown = text_of(delay_table([Fault.BLUR, Fault.SIGNAL_LOSS], Policy.short(raise_s=4)))
    [blur] = [line for line in shown.splitlines() if "out of focus" in line]
    assert "4 s" in blur
    assert "5 min" in blur


def test_an_alert_line_names_camera_fault_and_symptoms() -> None:
    incident = Incident("i", "gate", Fault.COVERED, IncidentState.OPEN, NOW, NOW, symptoms=(Fault.BLUR,))
    line = message_line(OutboxEntry("k", NotificationKind.FIRING, incident, NOW), 31.2)
    assert "31.2 s" in line
    assert "lens covered or sprayed" in line
    assert "out of focus" in line
