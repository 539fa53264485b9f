"""What a store leaves out for whoever may not see every camera is what the rule of seeing leaves out, on any rows.

The expected answer is computed here from whole lists, by the rule as it is written in the guide: a watched camera
counts by its present site, one that is watched no more by the site it had, an incident of several by all of them.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.access import AccessScope, AuditFilter
from domain.alerts import AlarmAnswer, Incident, IncidentAction, IncidentFilter, IncidentLogEntry, NotificationKind
from domain.cameras import Camera
from domain.messages import BatchResult
from domain.ports import AlertStore, AuditStore, ScoreStore, ShadowLog, StreamStore
from domain.records import AuditEntry
from domain.shadow import ShadowMessage
from storage.sql.alert_store import SqlAlertStore
from storage.sql.audit_store import SqlAuditStore
from storage.sql.score_store import SqlScoreStore
from storage.sql.shadow_log import SqlShadowLog
from storage.sql.stream_store import SqlStreamStore
from tests.contract.records import alert, incident
from tests.fakes.access import FakeAuditStore
from tests.fakes.ports import START, FakeAlertStore, FakeScoreStore, FakeShadowLog, FakeStreamStore

SITES = ("depot", "harbour", "vault 'x'", "")
CAMERAS = tuple(f"cam {number}" for number in range(9))
SCOPES = (
    AccessScope(sites=frozenset({"depot"})),
    AccessScope(sites=frozenset({"depot", "vault 'x'"})),
    AccessScope(cameras=frozenset({"cam 1", "cam 8", "no such"})),
    AccessScope(sites=frozenset({"harbour"}), cameras=frozenset({"cam 2", "cam 3"})),
    AccessScope(sites=frozenset({"no such"})),
    AccessScope(cameras=frozenset({""})),
    AccessScope(sites=frozenset({"", "depot"})),
    AccessScope(),
)


@dataclass(frozen=True)
class FilledStores:
    """Every store that answers by scope, over the same database."""

    streams: StreamStore
    scores: ScoreStore
    alerts: AlertStore
    audit: AuditStore
    shadow: ShadowLog

    def sees(self, scope: AccessScope, camera: str, site_then: str) -> bool:
        now = self.streams.camera(camera)
        return scope.sees(camera, now.site if now is not None else site_then)

    def sees_incident(self, scope: AccessScope, found: Incident) -> bool:
        if scope.is_unrestricted:
            return True
        names = found.members or ((found.stream_id,) if found.stream_id else ())
        return bool(names) and all(self.sees(scope, name, found.site if len(names) == 1 else "") for name in names)


@pytest.fixture(params=["sqlite", "postgres", "fake"])
def house(request: pytest.FixtureRequest, new_database: Callable[[str], Engine]) -> FilledStores:
    if request.param == "fake":
        streams = FakeStreamStore()
        scores = FakeScoreStore(streams)
        alerts = FakeAlertStore(scores, streams)
        return FilledStores(streams, scores, alerts, FakeAuditStore(streams), FakeShadowLog(alerts))
    engine = new_database(request.param)
    return FilledStores(
        SqlStreamStore(engine),
        SqlScoreStore(engine),
        SqlAlertStore(engine),
        SqlAuditStore(engine),
        SqlShadowLog(engine),
    )


def fill(house: FilledStores, seed: int) -> None:
    """Watch, move, retire and watch again; open incidents and keep messages in between."""
    chance = random.Random(seed)
    found = tuple(draw_incident(chance, step) for step in range(60))
    house.scores.add(BatchResult(incidents=found))
    for step in range(30):
        at = START + timedelta(seconds=step)
        name, site = chance.choice(CAMERAS), chance.choice(SITES)
        if chance.random() < 0.3:
            house.streams.remove_camera(name, by="ann", at=at)
        else:
            house.streams.put_camera(Camera(name, f"rtsp://10.0.0.1/{name[-1]}", site), by="ann", at=at)
        house.shadow.record(ShadowMessage(f"k{step}", "mail", NotificationKind.FIRING, found[step * 2], at))
        camera = chance.choice((name, ""))
        house.audit.record(AuditEntry(at, "ann", "look", name, camera=camera, site=chance.choice(SITES)))
    for each in found[::4]:
        house.alerts.record_work(
            IncidentLogEntry(each.incident_id, START, "ann", IncidentAction.ANSWER, AlarmAnswer.RIGHT, "")
        )
    watched = [camera.name for camera in house.streams.cameras()]
    house.scores.add(BatchResult(alerts=tuple(replace(alert(), stream_id=name) for name in watched)))


def draw_incident(chance: random.Random, step: int) -> Incident:
    # More in one second than a page holds now and then.
    number, site = chance.choice((1, 1, 1, 1, 2, 3, 0)), chance.choice(SITES)
    members = tuple(chance.sample(CAMERAS, number))
    one = number == 1 and chance.random() < 0.8
    return incident(
        f"i{step}",
        opened_s=step // 3,
        stream_id=members[0] if one else "",
        members=() if one else members,
        site=site,
    )


def expected_counts(incidents: Sequence[Incident]) -> Counter[tuple[str, str, str | None]]:
    return Counter((each.stream_id if each.answer else "", each.headline, each.answer) for each in incidents)


@pytest.mark.parametrize("seed", range(2))
def test_rows_of_a_scope_are_those_that_the_rule_lets_see(house: FilledStores, seed: int) -> None:
    fill(house, seed)
    every_incident = house.alerts.incidents(limit=1000)
    every_change = house.streams.camera_changes(limit=1000)
    every_line = house.audit.entries(limit=1000)
    every_message = house.shadow.messages(START, START + timedelta(days=1))
    every_alert = house.alerts.alerts()
    assert min(map(len, (every_incident, every_change, every_line, every_message, every_alert))) > 0
    for scope in SCOPES:
        mine = [each for each in every_incident if house.sees_incident(scope, each)]
        filters = IncidentFilter(scope=scope)
        assert house.alerts.incidents(filters=filters, limit=1000) == mine
        assert house.alerts.incidents(filters=filters, limit=4) == mine[:4]
        counts = {(each.stream_id, each.fault, each.answer): each.count for each in house.alerts.count_answers(filters)}
        assert counts == expected_counts(mine)
        changes = [each for each in every_change if house.sees(scope, each.camera, site_of(each.before or each.after))]
        assert house.streams.camera_changes(limit=1000, scope=scope) == changes
        assert house.streams.camera_changes(limit=3, scope=scope) == changes[:3]
        lines = [each for each in every_line if sees_line(house, scope, each)]
        assert house.audit.entries(AuditFilter(scope=scope), limit=1000) == lines
        messages = [each for each in every_message if house.sees_incident(scope, each.incident)]
        assert house.shadow.messages(START, START + timedelta(days=1), scope=scope) == messages
        alerts = [each for each in every_alert if house.sees(scope, each.stream_id, "")]
        assert house.alerts.alerts(scope=scope) == alerts


def site_of(values: object) -> str:
    return str(values.get("site", "")) if isinstance(values, dict) else ""


def sees_line(house: FilledStores, scope: AccessScope, line: AuditEntry) -> bool:
    if scope.is_unrestricted:
        return True
    return house.sees(scope, line.camera, line.site) if line.camera else line.site in scope.sites - {""}
