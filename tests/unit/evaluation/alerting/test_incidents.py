from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.alerts import Alert, AlertState, Incident, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.faults import Fault
from evaluation.alerting.incidents import CameraIncident, stable_id, update_incident
from evaluation.alerting.root_cause import IMPLIES
from evaluation.policy import EvaluationContext, Policy
from tests.fakes.ports import START
from tests.unit.evaluation.camera_timeline import DAY, CameraTimeline, flat_structure

CAMERA = Camera("gate", "rtsp://camera.test/1", site="depot", group="switch-1")
FIRING, PENDING = AlertState.FIRING, AlertState.PENDING


class IncidentDriver:
    """Drives one camera's case with hand-made alerts."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self.case = CameraIncident()
        self.messages: list[OutboxEntry] = []
        self.stored: list[Incident] = []

    def at(self, seconds: float, alerts: Mapping[Fault, AlertState]) -> list[NotificationKind]:
        now = START + timedelta(seconds=seconds)
        listed = [Alert("gate", fault, state, now, now) for fault, state in alerts.items()]
        step = update_incident(self.case, listed, (), EvaluationContext(CAMERA, now, self.policy))
        self.case = step.case
        self.messages += step.outbox
        self.stored += step.incidents
        return [message.kind for message in self.messages]


def test_symptoms_that_cross_within_seconds_make_one_message() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.BLUR: FIRING})
    announced.at(3, {Fault.BLUR: FIRING, Fault.LOW_CONTRAST: FIRING})
    assert announced.at(11, {Fault.BLUR: FIRING, Fault.LOW_CONTRAST: FIRING}) == [NotificationKind.FIRING]
    assert announced.messages[0].incident.headline is Fault.LOW_CONTRAST
    assert announced.messages[0].incident.symptoms == (Fault.BLUR,)


def test_a_symptom_waits_for_the_pending_fault_that_would_explain_it() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.BLUR: FIRING, Fault.COVERED: PENDING})
    assert announced.at(100, {Fault.BLUR: FIRING, Fault.COVERED: PENDING}) == []
    assert announced.at(120, {Fault.BLUR: FIRING, Fault.COVERED: FIRING}) == [NotificationKind.FIRING]
    assert announced.messages[0].incident.headline is Fault.COVERED


def test_an_explanation_that_comes_to_nothing_is_waited_for_no_longer() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.BLUR: FIRING, Fault.COVERED: PENDING})
    assert announced.at(50, {Fault.BLUR: FIRING}) == [NotificationKind.FIRING]
    assert announced.messages[0].incident.headline is Fault.BLUR


def test_the_wait_for_an_explanation_ends_in_any_case() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.BLUR: FIRING, Fault.COVERED: PENDING})
    assert announced.at(301, {Fault.BLUR: FIRING, Fault.COVERED: PENDING}) == [NotificationKind.FIRING]


def test_a_symptom_of_a_starved_bitrate_waits_until_the_mean_over_ten_seconds_can_show_it() -> None:
    announced = IncidentDriver(Policy.short(1.0))
    announced.at(0, {Fault.BLOCKINESS: FIRING})
    assert announced.at(9.5, {Fault.BLOCKINESS: FIRING}) == []
    assert announced.at(10, {Fault.BLOCKINESS: FIRING, Fault.BITRATE_STARVED: FIRING}) == [NotificationKind.FIRING]
    assert announced.messages[0].incident.headline is Fault.BITRATE_STARVED


def test_a_fault_that_no_rate_explains_does_not_wait_for_one() -> None:
    announced = IncidentDriver(Policy.short(1.0))
    announced.at(0, {Fault.NOISE: FIRING})
    assert announced.at(1.5, {Fault.NOISE: FIRING}) == [NotificationKind.FIRING]


def test_a_pending_fault_that_explains_nothing_is_not_waited_for() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.NOISE: FIRING, Fault.IR_CUT: PENDING})
    assert announced.at(11, {Fault.NOISE: FIRING, Fault.IR_CUT: PENDING}) == [NotificationKind.FIRING]


def test_a_stronger_cause_is_an_update_of_the_same_incident_and_no_second_alert() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.BLUR: FIRING})
    announced.at(11, {Fault.BLUR: FIRING})
    assert announced.at(60, {Fault.BLUR: FIRING, Fault.COVERED: FIRING}) == [
        NotificationKind.FIRING,
        NotificationKind.UPDATE,
    ]
    first, update = (message.incident for message in announced.messages)
    assert update.incident_id == first.incident_id
    assert update.headline is Fault.COVERED
    assert Fault.BLUR in update.symptoms


def test_a_symptom_of_the_headline_changes_nothing_that_is_announced() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.COVERED: FIRING})
    announced.at(11, {Fault.COVERED: FIRING})
    assert announced.at(30, {Fault.COVERED: FIRING, Fault.BLUR: FIRING}) == [NotificationKind.FIRING]
    assert announced.stored[-1].symptoms == (Fault.BLUR,)


def test_the_headline_stays_when_its_cause_ends_before_its_symptoms() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.COVERED: FIRING, Fault.BLUR: FIRING})
    announced.at(11, {Fault.COVERED: FIRING, Fault.BLUR: FIRING})
    assert announced.at(30, {Fault.BLUR: FIRING}) == [NotificationKind.FIRING]
    assert announced.case.incident is not None
    assert announced.case.incident.headline is Fault.COVERED
    assert announced.at(60, {}) == [NotificationKind.FIRING, NotificationKind.RESOLVED]
    assert announced.messages[-1].incident.resolved_at == START + timedelta(seconds=60)


def test_what_ends_before_it_was_announced_is_never_announced() -> None:
    announced = IncidentDriver()
    announced.at(0, {Fault.BLUR: FIRING})
    assert announced.at(5, {}) == []


def test_an_incident_names_site_and_group_and_its_messages_have_keys_of_their_own() -> None:
    announced = IncidentDriver()
    for seconds, faults in ((0, [Fault.BLUR]), (11, [Fault.BLUR]), (20, [Fault.BLUR, Fault.COVERED]), (30, [])):
        announced.at(seconds, dict.fromkeys(faults, FIRING))
    assert len({message.key for message in announced.messages}) == 3
    assert {message.key.split(":")[0] for message in announced.messages} == {announced.messages[0].incident.incident_id}
    assert (announced.messages[0].incident.site, announced.messages[0].incident.group) == ("depot", "switch-1")


def test_a_fingerprint_depends_on_every_part_and_on_nothing_else() -> None:
    assert stable_id("a", "b") == stable_id("a", "b")
    assert len({stable_id("a", "b"), stable_id("ab"), stable_id("b", "a"), stable_id("a", "", "b")}) == 4


def test_an_open_incident_is_announced_again_under_its_own_key_after_a_restart_and_its_end_too() -> None:
    story = CameraTimeline()
    story.play(20)
    story.out(90)
    story.restart()
    story.out(20)
    first, again = story.messages
    assert first.key == again.key
    story.restart()
    story.now += timedelta(seconds=1)
    story.play(200)
    assert story.messages[-1].kind is NotificationKind.RESOLVED
    assert story.messages[-1].incident.incident_id == first.incident.incident_id
    assert len(story.store.outbox) == 2


def test_two_incidents_of_one_camera_have_different_fingerprints() -> None:
    story = CameraTimeline()
    opened: list[tuple[str, datetime]] = []
    for _ in range(2):
        story.play(20)
        story.out(90)
        opened.append((story.messages[-1].incident.incident_id, story.messages[-1].created_at))
        story.play(700, step_s=5)
    assert opened[0][0] != opened[1][0]


def test_a_cover_is_announced_once_with_what_it_brings_as_symptoms() -> None:
    story = CameraTimeline()
    story.learn()
    grey = {**DAY, "luma_mean": 0.35, "luma_p95": 0.42, "contrast_rms": 0.03, "edge_width": 12.0, "sharpness": 0.1}
    story.play(400, grey, flat_structure(), step_s=2)
    (message,) = story.messages
    assert message.incident.headline is Fault.COVERED
    assert Fault.BLUR in message.incident.symptoms
    assert set(message.incident.symptoms) <= IMPLIES[Fault.COVERED]
