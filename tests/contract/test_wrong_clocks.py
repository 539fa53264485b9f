"""What a wrong clock left in the database disturbs nobody once the clock is right, and costs no history meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from domain.alerts import AlertState, Incident, IncidentState, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.faults import Fault
from domain.messages import BatchResult
from domain.records import Resolution
from domain.retention import Retention
from notification.dispatcher import Dispatcher
from storage.sql.alert_store import SqlAlertStore
from storage.sql.camera_leases import SqlCameraLeases
from storage.sql.lifecycle.retention import MAX_ADVANCE, retention_time
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.conftest import PortStores
from tests.contract.records import alert, baseline, entry, incident, scores, status
from tests.fakes.ports import START, FakeClock, FakeNotifier
from workers.deduplication import load_stored_progress

DAY = timedelta(days=1)
AWAY = 30 * DAY
LATER = START + AWAY


class Wrong:
    """A database whose process lived 30 days ahead for a while, and lives now."""

    def __init__(self, database: Engine) -> None:
        self.clock = FakeClock(LATER)
        self.scores = SqlScoreStore(database, clock=self.clock)
        self.streams, self.alerts = SqlStreamStore(database), SqlAlertStore(database)

    def set(self, now: datetime) -> None:
        self.clock.advance((now - self.clock.now()).total_seconds())


@pytest.fixture
def wrong(database: Engine) -> Wrong:
    return Wrong(database)


def make_future_batch(sequence: int, session_id: str = "s0") -> BatchResult:
    at_s = AWAY.total_seconds() + sequence
    said = replace(status("gate", sequence), session_id=session_id, received_at=START + timedelta(seconds=at_s))
    frame = scores("gate", sequence, at_s=at_s)
    return BatchResult(scores=(replace(frame, ref=replace(frame.ref, session_id=session_id)),), statuses=(said,))


def test_no_frame_goes_to_the_dead_letters_after_the_clock_is_right_again(wrong: Wrong) -> None:
    wrong.scores.add(make_future_batch(0))
    for _ in range(40):
        wrong.scores.retain(wrong.clock.now())
        wrong.clock.advance(3600)
    wrong.set(START)

    wrong.scores.add(BatchResult(scores=(scores("gate", 0),), statuses=(status("gate", 0),)))

    assert wrong.scores.dead_letters() == []
    assert len(wrong.scores.frames("gate", START, START + DAY)) == 1
    wrong.scores.retain(START + timedelta(seconds=1))
    wrong.scores.add(BatchResult(scores=(scores("gate", 1),)))
    assert wrong.scores.dead_letters() == []


def test_states_of_the_future_are_replaced_by_those_of_now(wrong: Wrong) -> None:
    wrong.scores.add(
        BatchResult(
            alerts=(replace(alert(), state=AlertState.FIRING, since=LATER, updated_at=LATER),),
            baselines=(replace(baseline(), frames=1, updated_at=LATER),),
            incidents=(replace(incident(), updated_at=LATER),),
            statuses=(replace(status("gate", 0), received_at=LATER),),
        )
    )
    wrong.set(START)

    wrong.scores.add(
        BatchResult(
            alerts=(replace(alert(), state=AlertState.RESOLVED),),
            baselines=(replace(baseline(), frames=77),),
            incidents=(incident(state=IncidentState.RESOLVED),),
            statuses=(status("gate", 5),),
        )
    )

    assert [each.state for each in wrong.alerts.alerts()] == [AlertState.RESOLVED]
    assert [each.frames for each in wrong.alerts.baselines("gate")] == [77]
    assert [each.state for each in wrong.alerts.incidents()] == [IncidentState.RESOLVED]
    (session,) = wrong.streams.sessions("gate")
    assert session.frames_offered == 6
    assert session.last_seen_at == status("gate", 5).received_at


def test_an_old_unit_delivered_again_still_changes_nothing(wrong: Wrong) -> None:
    wrong.set(START + timedelta(seconds=30))
    old = BatchResult(statuses=(status("gate", 1),), alerts=(alert(),))
    new = BatchResult(
        statuses=(replace(status("gate", 9), received_at=START + timedelta(seconds=30)),),
        alerts=(replace(alert(), state=AlertState.RESOLVED, updated_at=START + timedelta(seconds=30)),),
    )
    for unit in (old, new, old):
        wrong.scores.add(unit)

    assert wrong.alerts.alerts()[0].state is AlertState.RESOLVED
    assert wrong.streams.sessions("gate")[0].frames_offered == 10


def test_a_message_put_off_by_a_wrong_clock_is_announced(wrong: Wrong) -> None:
    wrong.scores.add(BatchResult(outbox=(replace(entry("told"), created_at=LATER),)))
    wrong.alerts.postpone(["told"], LATER + timedelta(seconds=5), "the receiver is unavailable")

    (due,) = wrong.alerts.due(START)

    assert due.created_at == START
    assert wrong.alerts.due(LATER) == []


def test_judging_resumes_from_the_session_of_now(wrong: Wrong) -> None:
    wrong.scores.add(make_future_batch(7))
    wrong.set(START)
    wrong.scores.add(BatchResult(statuses=(status("gate", 3),)))

    resumed = load_stored_progress(wrong.streams, wrong.scores, "gate", START)

    assert resumed is not None
    assert (resumed.session_id, resumed.sequence) == (status("gate", 3).session_id, 3)


def test_what_is_shown_while_the_live_state_is_away_is_of_now(wrong: Wrong) -> None:
    wrong.scores.add(make_future_batch(7))
    wrong.set(START)
    wrong.scores.add(BatchResult(scores=(scores("gate", 3),), statuses=(status("gate", 3),)))

    snapshot = wrong.scores.latest(["gate"])["gate"]

    assert snapshot.at < START + DAY
    assert snapshot.status is not None
    assert snapshot.status.sequence == 3


@pytest.mark.parametrize("restarts", [1, 48])
def test_a_clock_that_is_a_month_ahead_costs_hours_of_the_oldest_and_not_the_history(
    database: Engine, restarts: int
) -> None:
    clock = FakeClock(START)
    store = SqlScoreStore(database, clock=clock)
    for day in range(7):
        at_s = -day * 86400.0
        store.add(BatchResult(scores=(scores("gate", day, at_s=at_s),)))
    store.add(BatchResult(statuses=(status("gate", 9),)))
    store.retain(START)
    clock.advance(AWAY.total_seconds())

    for number in range(restarts):
        store = SqlScoreStore(database, clock=clock)
        if number:  # the new time is in the database too
            store.add(BatchResult(statuses=(replace(status("gate", 9), received_at=clock.now()),)))
        if number % 24 == 0:
            store.retain(clock.now())

    kept = store.frames("gate", START - 8 * DAY, START + DAY)
    assert len(kept) >= 6
    store.roll_up(clock.now())
    assert store.history("gate", "sharpness", START - 8 * DAY, START + DAY, Resolution.MINUTE)


def test_what_is_old_goes_within_days_after_a_long_rest(database: Engine) -> None:
    clock = FakeClock(START)
    store = SqlScoreStore(database, clock=clock)
    store.add(BatchResult(scores=(scores("gate", 0),), statuses=(status("gate", 0),)))
    store.retain(START)
    clock.advance(AWAY.total_seconds())

    for _ in range(6 * 24):
        store.add(BatchResult(statuses=(replace(status("gate", 9), received_at=clock.now()),)))
        store.retain(clock.now())
        clock.advance(3600)

    assert store.frames("gate", START - DAY, START + DAY) == []


@pytest.mark.parametrize(
    ("now", "newest", "before", "expected"),
    [
        (START, None, None, START),
        (START, START - timedelta(seconds=2), START - timedelta(hours=1), START),
        (LATER, START, None, START + DAY),
        (LATER, LATER, START, START + MAX_ADVANCE),
        (START, START, LATER, START),
        (START - AWAY, None, START, START - AWAY),
    ],
)
def test_nothing_is_deleted_by_a_time_that_rows_do_not_bear_out(
    now: datetime, newest: datetime | None, before: datetime | None, expected: datetime
) -> None:
    assert retention_time(now, newest, before) == expected


def test_a_floor_set_by_a_wrong_clock_by_an_earlier_version_is_healed(database: Engine) -> None:
    SqlScoreStore(database).retain(LATER)  # a store without a clock believes what it is told, as earlier versions did
    store = SqlScoreStore(database, clock=FakeClock(START))

    assert store.add(BatchResult(scores=(scores("gate", 0),))) == ()
    store.retain(START)
    assert store.add(BatchResult(scores=(scores("gate", 1, at_s=-6.5 * 86400),))) == ()
    (refused,) = store.add(BatchResult(scores=(scores("gate", 2, at_s=-9 * 86400),)))
    assert f"{Retention().raw_floor(START):%Y-%m-%d}" in refused.reason


def test_a_lease_of_a_wrong_clock_locks_nobody_out_for_ever(database: Engine) -> None:
    up_s = [1000.0]
    leases = SqlCameraLeases(database, elapsed=lambda: up_s[0])
    assert leases.acquire("gate", "north", now=LATER, ttl_s=30) == 1

    assert leases.acquire("gate", "south", now=START, ttl_s=30) is None
    up_s[0] += 20
    assert leases.acquire("gate", "north", now=LATER + timedelta(seconds=20), ttl_s=30) == 1
    up_s[0] += 20
    assert leases.acquire("gate", "south", now=START, ttl_s=30) is None  # it was renewed: its holder lives
    up_s[0] += 31
    assert leases.acquire("gate", "south", now=START, ttl_s=30) == 2


@pytest.mark.parametrize("back_s", [400, 1500, 7200])
def test_a_message_that_waits_for_company_is_sent_within_a_minute_of_a_clock_set_back(
    stores: PortStores, back_s: float
) -> None:
    clock, notifier = FakeClock(), FakeNotifier()
    for name in ("gate", "yard"):
        stores.streams.put_camera(Camera(name, f"rtsp://{name}.test/1", site="depot"), by="test", at=START)
    dispatcher = Dispatcher(stores.alerts, stores.streams, [notifier], clock)
    incident = Incident("i", "gate", Fault.BLUR, IncidentState.OPEN, START, START, site="depot")
    stores.scores.add(
        BatchResult(incidents=(incident,), outbox=(OutboxEntry("i:firing", NotificationKind.FIRING, incident, START),))
    )
    clock.advance(30 - back_s)
    for _ in range(13):
        dispatcher.run_once()
        clock.advance(5)
    dispatcher.close()

    assert [sent.key for sent in notifier.sent] == ["i:firing"]
