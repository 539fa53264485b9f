"""The cluster's own measurements in their short form, on the real services: chaos, growth, and accounts."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from lab.bench.cluster.chaos.chaos_round import play_round
from lab.bench.cluster.chaos.outages import OutageKind, plan_outages
from lab.bench.cluster.environment import ClusterServices, ServiceAddresses
from lab.bench.cluster.frame_accounts import read_frame_accounts
from lab.bench.cluster.growth import growth_run
from lab.bench.cluster.scenario import CameraScenario
from lab.services.databases import fresh_database
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from tests.services import Service, redis

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_a_worker_killed_between_storing_and_committing_and_redis_restarted_cost_nothing(
    kafka_broker: Service, postgres_url: str
) -> None:
    events = plan_outages(1, 0, (OutageKind.STORED, OutageKind.REDIS), workers=2)
    with redis() as own:  # this test restarts it
        stage = ClusterServices(kafka_broker, Service(postgres_url), own)
        found = play_round(stage, 0, events, 2, lambda cameras: tuple(CameraScenario(name) for name in cameras[:3]))
    assert found.broken == ()
    assert {event.kind for event in found.events} == {OutageKind.STORED, OutageKind.REDIS}
    assert all(event.recovered_s is not None and event.recovered_s >= event.back_s for event in found.events)
    assert found.accepted == found.stored > 0


def test_growth_measures_each_load_and_foretells_from_them(
    kafka_broker: Service, postgres_url: str, redis_server: Service
) -> None:
    given = ServiceAddresses(kafka_broker.address, postgres_url, redis_server.address)
    found = growth_run.run(given, cameras=(1, 3), workers=(1,), seconds=5.0, frames_per_s=2.0, width=160, height=90)
    one, three = found["points"]
    assert one["taken_per_s"] == pytest.approx(2.0, rel=0.25)
    assert three["taken_per_s"] == pytest.approx(6.0, rel=0.25)
    for point in (one, three):
        assert 0 < point["lag_p50_s"] <= point["lag_p95_s"]
        assert point["cores"]["worker"] > 0
        assert point["refused"] == 0
    # 160 x 90 luma of noise barely shrinks, the grey chroma wholly.
    assert 5_000 < one["wire_bytes_per_frame"] < 22_000


def test_accounts_close_with_drops_on_both_sides_and_name_what_does_not(postgres_url: str) -> None:
    with fresh_database(postgres_url) as database:
        engine = open_engine(database, busy_timeout_s=60)
        upgrade_schema(engine)
        at = datetime.now(UTC)
        day = at.strftime("%Y-%m-%d")
        with engine.begin() as connection:
            connection.execute(
                text(f"CREATE TABLE frames_day PARTITION OF frames FOR VALUES FROM ('{day}') TO ('{day}T24:00')")
            )
            for sequence in (0, 1):
                connection.execute(
                    text(
                        "INSERT INTO frames (stream_id, received_at, session_id, sequence, scores)"
                        " VALUES ('gate', :at, 's1', :sequence, '{}')"
                    ),
                    {"at": at, "sequence": sequence},
                )
            connection.execute(
                text("INSERT INTO sessions VALUES ('gate', 's1', :at, :at, 'live', '', 5, 0, 2)"), {"at": at}
            )
            connection.execute(
                text(
                    "INSERT INTO dropped_frames (stream_id, session_id, sequence, received_at)"
                    " VALUES ('gate', 's1', 1, :at), ('gate', 's1', 2, :at)"
                ),
                {"at": at},
            )
        account = read_frame_accounts(engine, ["gate"])["gate"]
        # Frame 1 was dropped and then stored all the same, after a repeat: it counts as stored.
        assert (account.offered, account.stored, account.dropped, account.shed) == (5, 2, 2, 1)
        assert account.wrong == ()
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM frames WHERE sequence = 0"))
        assert read_frame_accounts(engine, ["gate"])["gate"].wrong == (
            "5 frames offered, 1 stored, 2 dropped by ingest, 1 by workers, 0 put aside",
        )
        engine.dispose()
