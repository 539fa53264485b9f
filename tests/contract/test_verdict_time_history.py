"""A database from before the time was kept: verdict changes and sessions tell it where they can, else it is unknown."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.cameras import ConnectionState, StreamStatus
from domain.faults import Fault, Verdict, VerdictState
from domain.messages import VerdictChange
from domain.verdict_time import Cut, TimeState, Unknown
from storage.sql.database.engine import open_engine, write_transaction
from storage.sql.database.migrate import upgrade_schema
from storage.sql.report_store import SqlReportStore
from storage.sql.schema import rows, tables
from storage.sql.schema.upserts import insert_new
from tests.contract.test_schema import old_database
from tests.fakes.ports import START

MINUTE = timedelta(minutes=1)
PICTURE = (Fault.BLACK, Fault.TOO_BRIGHT, Fault.LOW_CONTRAST, Fault.BLUR, Fault.CORRUPT_PICTURE)


def change(minute: float, fault: Fault, state: VerdictState, reason: str = "") -> VerdictChange:
    return VerdictChange("gate", Verdict(fault, state, reason), START + minute * MINUTE)


HISTORY = (
    *(change(1, fault, VerdictState.NOT_ASSESSABLE, "too few frames yet") for fault in PICTURE),
    *(change(2, fault, VerdictState.OK) for fault in PICTURE),
    change(20, Fault.BLUR, VerdictState.FAULT, "fine detail is gone"),
    change(25, Fault.COVERED, VerdictState.FAULT, "the structure is gone"),
    change(30, Fault.COVERED, VerdictState.OK),
    change(32, Fault.BLUR, VerdictState.OK),
    *(change(50, fault, VerdictState.NOT_ASSESSABLE, "ingest silent") for fault in PICTURE),
    *(change(55, fault, VerdictState.OK) for fault in PICTURE),
)


def session(name: str, began: float, ended: float) -> list[dict[str, object]]:
    told = [StreamStatus("gate", name, 5, START + minute * MINUTE, ConnectionState.LIVE) for minute in (began, ended)]
    return rows.session_rows(told)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_was_kept_before_is_carried_over(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    engine = open_engine(old_database(request, tmp_path, kind))
    upgrade_schema(engine, "0003")
    with write_transaction(engine) as connection:
        for name, enabled in (("gate", "true"), ("yard", "false")):
            connection.execute(
                text(
                    "INSERT INTO cameras (name, url, site, camera_group, enabled, settings, accepted_by) "
                    f"VALUES ('{name}', 'rtsp://10.0.0.7/1', 'north', 'switch', {enabled}, '{{}}', '')"
                )
            )
        insert_new(
            connection,
            tables.audit,
            [
                {"id": 1, "at": START, "done_by": "ann", "action": "put camera", "subject": "gate", "detail": ""},
                {"id": 2, "at": START, "done_by": "ann", "action": "put camera", "subject": "yard", "detail": ""},
            ],
        )
        insert_new(connection, tables.sessions, session("s1", 1, 40) + session("s2", 45, 60))
        insert_new(connection, tables.verdict_changes, rows.verdict_rows(HISTORY))
    upgrade_schema(engine)
    store = SqlReportStore(engine)
    cut = Cut(0, "gate", START, START + 60 * MINUTE)
    found = {(each.state, each.cause): each.duration / MINUTE for each in store.time_in_states([cut])}
    assert found == {
        (TimeState.UNKNOWN, Unknown.BEFORE_RECORDS): 1 + 5,
        (TimeState.NOT_ASSESSABLE, "too_few_pictures"): 1,
        (TimeState.OK, ""): 18 + 8 + 5 + 5,
        (TimeState.FAULT, "blur"): 5 + 2,
        (TimeState.FAULT, "covered"): 5,
        (TimeState.UNKNOWN, Unknown.INGEST_SILENT): 5,
    }
    watches = store.watch_changes()
    assert [(each.stream_id, each.watched, each.at) for each in watches] == [
        ("gate", True, START),
        ("yard", True, START),
        ("yard", False, START + timedelta(seconds=1)),
    ]
    engine.dispose()


def test_an_empty_database_gets_no_history(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    upgrade_schema(engine)
    assert SqlReportStore(engine).watch_changes() == []
    engine.dispose()
