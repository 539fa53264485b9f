"""The schema is one, whichever database holds it; only Postgres keeps frames in partitions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from domain.alerts import IncidentFilter, IncidentState, NotificationKind
from domain.baselines import BaselinePart, BaselineState
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.faults import Fault
from domain.messages import BatchResult, DeadLetter
from domain.records import Resolution
from domain.retention import Retention
from storage.sql.alert_store import SqlAlertStore
from storage.sql.camera_leases import SqlCameraLeases
from storage.sql.database.engine import open_engine, read_transaction, write_transaction
from storage.sql.database.migrate import current_revision, newest_revision, upgrade_schema
from storage.sql.schema.column_types import microseconds
from storage.sql.schema.rows import incident_rows
from storage.sql.schema.tables import metadata
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import alert, baseline, entry, incident, scores, status, transition
from tests.fakes.ports import START, FakeClock


def partitions(engine: Engine) -> list[str]:
    with read_transaction(engine) as connection:
        query = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'frames'::regclass ORDER BY 1"
        return list(connection.execute(text(query)).scalars())


def old_database(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> str:
    """Return the address of an empty database without any schema."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    address = make_url(request.getfixturevalue("postgres_url"))
    server = create_engine(address.set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS sightline_old WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE sightline_old"))
    server.dispose()
    return address.set(database="sightline_old").render_as_string(hide_password=False)


def test_migrations_make_exactly_the_tables_of_the_code(database: Engine) -> None:
    with read_transaction(database) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_schema_newer_than_the_code_is_refused(database: Engine) -> None:
    with write_transaction(database) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer than this version"):
        upgrade_schema(database)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_older_schema_is_brought_up_with_what_it_holds(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """The second release knew leases and every new token ended all older ones."""
    engine = open_engine(old_database(request, tmp_path, kind))
    upgrade_schema(engine, "0002")
    with write_transaction(engine) as connection:
        held = {"at": 0 if kind == "sqlite" else START}
        connection.execute(text("INSERT INTO leases VALUES ('gate', 'north', 7, :at)"), held)
    assert current_revision(engine) == "0002"
    with write_transaction(engine) as connection:
        query = "INSERT INTO learned_references VALUES ('gate', 'day', 'learned', :at, :at, 900, '{}', NULL, '', '')"
        connection.execute(text(query), held)
    upgrade_schema(engine)
    assert current_revision(engine) == newest_revision()
    assert SqlCameraLeases(engine).fences(["gate"]) == {"gate": 7}
    (learned,) = SqlAlertStore(engine).baselines("gate")
    assert {learned.state_of(part) for part in BaselinePart} == {BaselineState.LEARNED}
    SqlScoreStore(engine).add(BatchResult(scores=(scores(),)))
    engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_frames_from_before_metric_sets_are_read_beside_new_ones(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    """Up to the seventh, a schema kept a JSON document a frame; its rows stay as they are until they are old."""
    engine = open_engine(old_database(request, tmp_path, kind))
    upgrade_schema(engine, "0006")
    insert = "INSERT INTO frames VALUES ('gate', :at, 's1', :sequence, NULL, :scores, :missing, 'abc')"
    with write_transaction(engine) as connection:
        connection.execute(text("INSERT INTO model_sets VALUES ('abc', '{\"luma\": \"0\"}')"))
        if kind == "postgres":
            span = "FROM ('2026-03-02Z') TO ('2026-03-03Z')"
            connection.execute(text(f"CREATE TABLE frames_20260302 PARTITION OF frames FOR VALUES {span}"))
        for sequence in range(3):
            at = START + timedelta(seconds=sequence)
            held = {
                "at": microseconds(at) if kind == "sqlite" else at,
                "sequence": sequence,
                "scores": f'{{"sharpness": {sequence}.1, "luma_mean": 0.25}}',
                "missing": '{"shift": "none before"}',
            }
            connection.execute(text(insert), held)
        minute = START.replace(second=0, microsecond=0)
        marked = {"minute": microseconds(minute) if kind == "sqlite" else minute}
        connection.execute(text("INSERT INTO unfolded VALUES ('gate', :minute)"), marked)
    upgrade_schema(engine)
    store = SqlScoreStore(engine)
    store.add(BatchResult(scores=(scores("gate", 3, sharpness=7.5, noise_sigma=2.0),)))
    forever = START + timedelta(days=1)
    found = store.frames("gate", START, forever)
    assert [row.values["sharpness"] for row in found] == [0.1, 1.1, 2.1, 7.5]
    assert [row.models for row in found] == [{"luma": "0"}] * 3 + [{"luma": "1"}]
    assert [row.missing for row in found] == [{"shift": "none before"}] * 3 + [{"shift": "no picture before"}]
    points = store.history("gate", "sharpness", START, forever, Resolution.FRAME)
    assert [point.mean for point in points] == [0.1, 1.1, 2.1, 7.5]
    assert len(store.history("gate", "luma_mean", START, forever, Resolution.FRAME)) == 3
    assert len(store.history("gate", "noise_sigma", START, forever, Resolution.FRAME)) == 1
    assert store.roll_up(forever) == 4
    (minute_point,) = store.history("gate", "sharpness", minute, forever, Resolution.MINUTE)
    assert (minute_point.low, minute_point.high, minute_point.count) == (0.1, 7.5, 4)
    assert store.latest(["gate"])["gate"].values == {"sharpness": 7.5, "noise_sigma": 2.0}
    engine.dispose()


@pytest.mark.parametrize("change", ["UPDATE audit SET done_by = 'nobody'", "DELETE FROM audit", "all at once"])
def test_the_audit_can_only_be_appended_to(database: Engine, change: str) -> None:
    if change == "all at once":
        # SQLite's TRUNCATE is DELETE; its REPLACE deletes without a trigger of deletions.
        postgres = database.dialect.name == "postgresql"
        change = "TRUNCATE audit" if postgres else "INSERT OR REPLACE INTO audit SELECT * FROM audit"
    SqlStreamStore(database).put_camera(Camera("gate", "rtsp://10.0.0.7/main"), by="ann", at=START)
    with pytest.raises(DBAPIError, match="append-only"), write_transaction(database) as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("table", ["incident_log", "camera_changes"])
@pytest.mark.parametrize("change", ["UPDATE {} SET done_by = 'nobody'", "DELETE FROM {}", "all at once"])
def test_what_operators_did_can_only_be_appended_to(database: Engine, table: str, change: str) -> None:
    SqlStreamStore(database).put_camera(Camera("gate", "rtsp://10.0.0.7/main"), by="ann", at=START)
    SqlScoreStore(database).add(BatchResult(incidents=(incident(),)))
    SqlAlertStore(database).acknowledge("gate/blur/1", by="ann", reason="", at=START)
    if change == "all at once":
        postgres = database.dialect.name == "postgresql"
        change = "TRUNCATE {}" if postgres else "INSERT OR REPLACE INTO {0} SELECT * FROM {0}"
    with pytest.raises(DBAPIError, match="append-only"), write_transaction(database) as connection:
        connection.execute(text(change.format(table)))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_incidents_of_an_older_schema_are_found_by_fault_site_and_severity(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    engine = open_engine(old_database(request, tmp_path, kind))
    upgrade_schema(engine, "0006")
    row = incident_rows([incident()])[0]
    names = [name for name in row if name not in ("fault", "site", "severity")]
    times = {"opened_at", "updated_at", "resolved_at"}
    if kind == "sqlite":
        row |= {name: microseconds(row[name]) for name in times if row[name] is not None}
    with write_transaction(engine) as connection:
        into = f"INSERT INTO incidents ({', '.join(names)}) VALUES ({', '.join(':' + name for name in names)})"
        connection.execute(text(into), {name: row[name] for name in names})
    upgrade_schema(engine)
    asked = IncidentFilter(fault=Fault.BLUR, site="Harbour", severity="warning")
    assert [each.incident_id for each in SqlAlertStore(engine).incidents(filters=asked)] == ["gate/blur/1"]
    engine.dispose()


def test_a_retired_camera_holds_no_alert_and_no_baseline_and_its_incident_is_announced_resolved(
    database: Engine,
) -> None:
    streams, store, alerts = SqlStreamStore(database), SqlScoreStore(database), SqlAlertStore(database)
    streams.put_camera(Camera("gate", "rtsp://10.0.0.7/main"), by="ann", at=START)
    store.add(BatchResult(alerts=(alert(),), baselines=(baseline(),), incidents=(incident(),)))
    later = START + timedelta(hours=1)
    streams.remove_camera("gate", by="ann", at=later)
    assert alerts.alerts("gate") == []
    assert alerts.baselines("gate") == []
    (closed,) = alerts.incidents()
    assert (closed.state, closed.resolved_at) == (IncidentState.RESOLVED, later)
    (told,) = alerts.due(later)
    assert (told.key, told.kind, told.incident) == ("gate/blur/1:resolved", NotificationKind.RESOLVED, closed)


def test_each_kind_of_row_is_deleted_after_its_own_time(database: Engine) -> None:
    store, alerts = SqlScoreStore(database, retention=Retention(history_days=100)), SqlAlertStore(database)
    solved = incident("solved", state=IncidentState.RESOLVED)
    store.add(
        BatchResult(
            scores=(scores(),),
            statuses=(status(),),
            transitions=(transition(),),
            incidents=(incident(), solved),
            outbox=(entry("told"), entry("untold")),
            dead_letters=(DeadLetter("gate", "s1", 9, START, "too large"),),
            dropped=(scores("gate", 8, at_s=0).ref,),
        )
    )
    alerts.mark_delivered(["told"], START)
    kept: tuple[str, ...] = ("frames", "rollups", "dead_letters", "dropped_frames", "sessions", "verdict_changes")
    kept += ("transitions", "verdict_time", "shadow_messages", "model_days")
    assert store.retain(START + timedelta(days=5)) == dict.fromkeys(
        (*kept, "incidents", "outbox", "deliveries", "snoozes"), 0
    )
    deleted = store.retain(START + timedelta(days=31))
    assert (deleted["frames"], deleted["dead_letters"], deleted["outbox"]) == (1, 1, 1)
    assert deleted["dropped_frames"] == 1
    assert deleted["rollups"] == len(scores().values)
    assert (deleted["sessions"], deleted["transitions"], deleted["incidents"]) == (0, 0, 0)
    deleted = store.retain(START + timedelta(days=101))
    assert (deleted["sessions"], deleted["transitions"], deleted["incidents"]) == (1, 1, 1)
    assert [each.incident_id for each in alerts.incidents()] == ["gate/blur/1"]
    assert [each.key for each in alerts.due(START)] == ["untold"]


def test_a_frame_from_the_future_goes_to_the_dead_letter(database: Engine) -> None:
    store = SqlScoreStore(database, clock=FakeClock())
    store.add(BatchResult(scores=(scores("gate", 0), scores("gate", 1, at_s=2 * 86400))))
    assert [row.ref.sequence for row in store.frames("gate", START, START + timedelta(days=9))] == [0]
    (letter,) = store.dead_letters()
    assert letter.sequence == 1
    assert "future" in letter.reason


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_postgres_keeps_a_day_of_frames_in_a_partition_and_drops_it_whole(database: Engine) -> None:
    store = SqlScoreStore(database)
    store.add(BatchResult(scores=tuple(scores("gate", day, at_s=day * 86400) for day in range(3))))
    assert partitions(database) == ["frames_20260302", "frames_20260303", "frames_20260304"]
    assert store.retain(START + timedelta(days=9))["frames"] == 2
    assert partitions(database) == ["frames_20260304"]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_workers_that_make_the_same_partition_at_once_do_not_collide(database: Engine) -> None:
    units = [BatchResult(scores=(scores("gate", each),)) for each in range(6)]
    with ThreadPoolExecutor(6) as workers:
        list(workers.map(lambda unit: SqlScoreStore(database).add(unit), units))
    assert partitions(database) == ["frames_20260302"]
    assert len(SqlScoreStore(database).frames("gate", START, START + timedelta(days=1))) == 6


def test_retention_times_that_cannot_work_name_the_setting() -> None:
    with pytest.raises(ConfigError, match="must rise"):
        Retention(raw_days=40)
    with pytest.raises(ConfigError, match="at least one day"):
        Retention(dead_letters_days=0)
