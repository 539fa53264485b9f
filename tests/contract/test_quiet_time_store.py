"""Recurring maintenance, windows and snoozes: SQLite, Postgres and the fake alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from domain.ports import QuietTimeStore
from domain.quiet_times import MaintenanceSchedule, Snooze
from notification.recurrence import expand_schedule
from storage.sql.quiet_time_store import SqlQuietTimeStore
from tests.fakes.ports import START
from tests.fakes.quiet_times import FakeQuietTimeStore

DAILY = MaintenanceSchedule(
    "s1", datetime(2026, 3, 1, 22), 60, "FREQ=DAILY", "Europe/Berlin", site="depot", reason="updates", by="ann"
)
WEEK = timedelta(days=7)


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def store(request: pytest.FixtureRequest, new_database: Callable[[str], Engine]) -> QuietTimeStore:
    return FakeQuietTimeStore() if request.param == "fake" else SqlQuietTimeStore(new_database(request.param))


def test_a_schedule_comes_back_with_its_windows(store: QuietTimeStore) -> None:
    windows = expand_schedule(DAILY, START, START + WEEK)
    store.put_schedule(DAILY, windows, at=START)
    assert list(store.schedules()) == [DAILY]
    assert list(store.windows_between(START, START + WEEK)) == list(windows)
    assert store.windows_between(windows[0].until, windows[1].since) == []


def test_a_changed_schedule_replaces_what_has_not_begun_and_keeps_what_was(store: QuietTimeStore) -> None:
    store.put_schedule(DAILY, expand_schedule(DAILY, START, START + WEEK), at=START)
    later, now = replace(DAILY, minutes=120), START + timedelta(days=3)
    store.put_schedule(later, expand_schedule(later, now, now + WEEK), at=now)
    lengths = [round((w.until - w.since) / timedelta(minutes=1)) for w in store.windows_between(START, now + WEEK)]
    assert lengths == [60] * 3 + [120] * 7


def test_extending_again_changes_nothing(store: QuietTimeStore) -> None:
    windows = expand_schedule(DAILY, START, START + WEEK)
    store.put_schedule(DAILY, windows[:3], at=START)
    for _ in range(2):
        store.extend_schedule(windows)
    assert list(store.windows_between(START, START + WEEK)) == list(windows)


def test_removing_a_schedule_keeps_what_was(store: QuietTimeStore) -> None:
    store.put_schedule(DAILY, expand_schedule(DAILY, START, START + WEEK), at=START)
    assert store.remove_schedule("s1", by="ann", at=START + timedelta(days=3))
    assert not store.remove_schedule("s1", by="ann", at=START + timedelta(days=3))
    assert len(store.windows_between(START, START + WEEK)) == 3
    assert list(store.schedules()) == []


def test_a_snooze_holds_until_it_ends(store: QuietTimeStore) -> None:
    snooze = Snooze("z1", START + timedelta(hours=4), "i-1", reason="known", by="ann", created_at=START)
    store.put_snooze(snooze, at=START)
    assert list(store.snoozes(START)) == [snooze]
    assert list(store.snoozes(snooze.until)) == []
    assert store.remove_snooze("z1", by="ann", at=START)
    assert not store.remove_snooze("z1", by="ann", at=START)
    assert list(store.snoozes(START)) == []
