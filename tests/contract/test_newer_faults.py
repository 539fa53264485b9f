"""While a cluster is upgraded, an older process reads what a newer one wrote about a fault it does not know."""

import json
import secrets
from dataclasses import replace
from datetime import timedelta

import redis
from sqlalchemy import Engine, select, update

from domain.alerts import IncidentFilter, IncidentState, NotificationKind
from domain.cameras import Camera, FaultSetting
from domain.faults import Fault, Verdict, VerdictState
from domain.messages import BatchResult, VerdictChange
from domain.shadow import ShadowMessage
from storage.live.redis_live_state import RedisLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import write_transaction
from storage.sql.report_store import SqlReportStore
from storage.sql.schema import tables
from storage.sql.score_store import SqlScoreStore
from storage.sql.shadow_log import SqlShadowLog
from storage.sql.stream_store import SqlStreamStore
from tests import services
from tests.contract.records import alert, entry, incident, status, transition
from tests.contract.test_live_state import GATE
from tests.fakes.ports import START

NEWER = "lens_fogged"
"""A fault of the next version."""
LATER = START + timedelta(minutes=10)
GLARE = incident("gate/glare/1", headline=Fault.GLARE, symptoms=(), opened_s=60)
BLUR = incident("gate/blur/1", symptoms=(Fault.GLARE, Fault.LOW_CONTRAST))


def pretend_newer(engine: Engine) -> None:
    """Rename the fault `glare` to one of the next version, wherever it is stored."""
    with write_transaction(engine) as connection:
        for table in (tables.alerts, tables.transitions, tables.incidents, tables.verdict_changes):
            connection.execute(update(table).where(table.c.fault == Fault.GLARE).values(fault=NEWER))
        for table, name in (
            (tables.incidents, "document"),
            (tables.outbox, "incident"),
            (tables.shadow_messages, "incident"),
            (tables.cameras, "settings"),
        ):
            keys = list(table.primary_key)
            for row in connection.execute(select(*keys, table.c[name])).mappings().all():
                document = json.dumps(row[name]).replace(f'"{Fault.GLARE}"', f'"{NEWER}"')
                same = [key == row[key.name] for key in keys]
                connection.execute(update(table).where(*same).values({name: document}))


def fill(engine: Engine) -> None:
    changes = [
        VerdictChange("gate", Verdict(fault, VerdictState.FAULT, "seen"), START) for fault in (Fault.BLUR, Fault.GLARE)
    ]
    newer = [replace(entry(f"a{number}", created_s=number), incident=GLARE) for number in range(5)]
    settings = {Fault.BLUR: FaultSetting(sensitivity=2), Fault.GLARE: FaultSetting(False)}
    SqlStreamStore(engine).put_camera(Camera("gate", "rtsp://gate", faults=settings), by="ann", at=START)
    SqlScoreStore(engine).add(
        BatchResult(
            statuses=(status(),),
            verdicts=tuple(changes),
            alerts=(alert(), replace(alert(), fault=Fault.GLARE)),
            transitions=(transition(), replace(transition(), fault=Fault.GLARE)),
            incidents=(BLUR, GLARE),
            outbox=(*newer, replace(entry("b", created_s=30), incident=BLUR)),
        )
    )
    for each in (BLUR, GLARE):
        SqlShadowLog(engine).record(ShadowMessage(each.incident_id, "mail", NotificationKind.FIRING, each, START))
    pretend_newer(engine)


def test_records_of_a_newer_fault_are_passed_over_and_all_others_read(database: Engine) -> None:
    fill(database)
    alerts, scores = SqlAlertStore(database), SqlScoreStore(database)
    known = replace(BLUR, symptoms=(Fault.LOW_CONTRAST,))
    assert alerts.incidents(limit=1) == [known]
    assert alerts.incident(GLARE.incident_id) is None
    assert [one.fault for one in alerts.alerts()] == [Fault.BLUR]
    assert [one.fault for one in alerts.transitions("gate", limit=1)] == [Fault.BLUR]
    assert [one.fault for one in alerts.count_answers(IncidentFilter())] == [Fault.BLUR]
    assert [one.verdict.fault for one in scores.verdict_changes("gate", START, LATER)] == [Fault.BLUR]
    snapshot = scores.latest(["gate"])["gate"]
    assert (snapshot.incident, [one.fault for one in snapshot.verdicts]) == (known, [Fault.BLUR])
    assert [one.incident for one in SqlShadowLog(database).messages(START, LATER, limit=1)] == [known]
    assert SqlReportStore(database).incidents_between(START, LATER) == [known]
    camera = SqlStreamStore(database).camera("gate")
    assert camera is not None
    assert camera.faults == {Fault.BLUR: FaultSetting(sensitivity=2)}


def test_notifications_of_a_newer_fault_stay_for_a_newer_dispatcher_and_hold_up_no_other(database: Engine) -> None:
    fill(database)
    assert [each.key for each in SqlAlertStore(database).due(LATER, limit=2)] == ["b"]
    with write_transaction(database) as connection:
        waiting = connection.execute(select(tables.outbox.c.key).where(tables.NOT_DELIVERED)).scalars().all()
    assert sorted(waiting) == ["a0", "a1", "a2", "a3", "a4", "b"]


def test_an_incident_of_a_newer_fault_ends_with_its_camera(database: Engine) -> None:
    fill(database)
    SqlStreamStore(database).remove_camera("gate", by="ann", at=LATER)
    with write_transaction(database) as connection:
        states = connection.execute(select(tables.incidents.c.state)).scalars().all()
    assert set(states) == {IncidentState.RESOLVED}


def test_a_live_state_is_read_without_what_it_says_of_a_newer_fault(redis_server: services.Service) -> None:
    prefix = f"test-{secrets.token_hex(6)}"
    live = RedisLiveState(redis_server.address, ttl_s=30, prefix=prefix)
    newer = Verdict(Fault.GLARE, VerdictState.FAULT, "seen")
    live.put(
        replace(GATE, verdicts=(*GATE.verdicts, newer), alerts=(*GATE.alerts, replace(alert(), fault=Fault.GLARE)))
    )
    client = redis.Redis.from_url(redis_server.address, decode_responses=True)
    key = next(iter(client.scan_iter(f"{prefix}*state*gate*")))
    written = str(client.get(key)).replace('"glare"', f'"{NEWER}"')
    client.set(key, written, keepttl=True)
    assert live.get("gate") == GATE
    client.set(key, written.replace('"headline":"blur"', f'"headline":"{NEWER}"'), keepttl=True)
    assert live.all() == {"gate": replace(GATE, incident=None)}
