"""Contract of ShadowLog: kept once, found by time and by incident."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.alerts import NotificationKind
from domain.ports import ShadowLog
from domain.retention import Retention
from domain.shadow import ShadowMessage
from storage.sql.alert_store import SqlAlertStore
from storage.sql.lifecycle.retention import delete_expired_rows
from storage.sql.shadow_log import SqlShadowLog
from tests.contract.records import incident
from tests.fakes.ports import START, FakeClock, FakeShadowLog

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def log(request: pytest.FixtureRequest) -> ShadowLog:
    if request.param == "fake":
        return FakeShadowLog()
    return SqlShadowLog(request.getfixturevalue("new_database")(request.param))


def message(
    key: str,
    receiver: str = "desk",
    at_s: float = 0,
    incident_id: str = "gate/blur/1",
    kind: NotificationKind = NotificationKind.FIRING,
) -> ShadowMessage:
    return ShadowMessage(key, receiver, kind, incident(incident_id), START + at_s * SECOND)


def test_messages_come_back_whole_and_the_latest_first(log: ShadowLog) -> None:
    kept = [message(f"k{number}", at_s=number) for number in range(4)]
    for each in kept:
        log.record(each)
    assert list(log.messages(START, START + 3 * SECOND)) == [kept[2], kept[1], kept[0]]
    assert list(log.messages(START, START + 9 * SECOND, limit=1)) == [kept[3]]


def test_the_same_message_again_changes_nothing(log: ShadowLog) -> None:
    log.record(message("k"))
    log.record(message("k", at_s=5))
    log.record(message("k", "pager"))
    found = log.messages(START, START + 9 * SECOND)
    assert [(each.receiver, each.at) for each in found] == [("desk", START), ("pager", START)]


def test_an_incident_is_held_for_the_receiver_it_was_kept_from(log: ShadowLog) -> None:
    log.record(message("k", "desk", incident_id="a"))
    assert log.holds("a", "desk")
    assert not log.holds("a", "pager")
    assert not log.holds("b", "desk")


def test_what_follows_a_first_message_that_was_sent_does_not_hold_its_incident(log: ShadowLog) -> None:
    for kind in (NotificationKind.UPDATE, NotificationKind.REMINDER, NotificationKind.RESOLVED):
        log.record(message(f"k:{kind}", incident_id="a", kind=kind))
    assert not log.holds("a", "desk")
    log.record(message("k", "boss", incident_id="a", kind=NotificationKind.ESCALATION))
    assert log.holds("a", "boss")


def test_only_what_was_delivered_and_not_kept_counts_as_notified(database: Engine) -> None:
    log, alerts = SqlShadowLog(database), SqlAlertStore(database)
    alerts.plan_deliveries({"a:firing": ["desk", "pager", "boss"], "a:update": ["desk"], "b:firing": ["boss"]}, START)
    assert not log.was_notified("a", "desk")
    log.record(message("a:firing", "desk", incident_id="a"))
    alerts.mark_received([("a:firing", "desk"), ("a:firing", "pager"), ("b:firing", "boss")], START)
    assert not log.was_notified("a", "desk")
    assert log.was_notified("a", "pager")
    assert not log.was_notified("a", "boss")
    alerts.mark_received([("a:update", "desk")], START)
    assert log.was_notified("a", "desk")


def test_it_is_deleted_with_the_history(database: Engine) -> None:
    clock = FakeClock(START + timedelta(days=40))
    log = SqlShadowLog(database)
    log.record(message("old", at_s=0))
    log.record(message("new", at_s=39 * 86_400))
    delete_expired_rows(database, Retention(history_days=30), clock.now())
    kept = log.messages(START - SECOND, clock.now())
    assert [each.key for each in kept] == ["new"]
