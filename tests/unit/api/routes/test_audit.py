"""The audit over the API: who may read which lines, what is written into it, and how it is taken away."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.audit_trail import MAX_WAITING, AuditTrail
from domain.access import UserRole
from domain.records import AuditEntry
from tests.fakes.access import FakeAuditStore
from tests.fakes.ports import START, FakeClock
from tests.unit.api.conftest import serve_app
from tests.unit.api.security.test_permissions import FOREIGN, MINE, NAMES, TOKEN, House, make_house


@pytest.fixture
def house() -> House:
    return make_house()


def audit_of(house: House) -> FakeAuditStore:
    store: FakeAuditStore = house.api.app.state.backend.audit._store
    return store


def fill(house: House) -> None:
    now = START
    for entry in (
        AuditEntry(now, "ann", "remove camera", MINE, "=cmd()", MINE, "depot"),
        AuditEntry(now, "ann", "remove camera", FOREIGN, "", FOREIGN, "vault-site"),
        AuditEntry(now, "ann", "remove camera", "retired", "", "retired", "vault-site"),
        AuditEntry(now, "bob", "remove camera", "old", "", "old", "depot"),
        AuditEntry(now, "bob", "export report", "site depot", "", "", "depot"),
        AuditEntry(now, "bob", "export report", "every site"),
        AuditEntry(now, "bob", "add user", "carl"),
    ):
        audit_of(house).record(entry)


def test_whoever_sees_everything_reads_every_line_and_others_those_of_their_cameras(house: House) -> None:
    fill(house)
    assert len(house.send(house.keys[UserRole.ADMIN, "all"], "GET", "/api/v1/audit").json()) == 7
    for scope, subjects in (("site", ["site depot", "old", MINE]), ("camera", [MINE])):
        key = house.keys[UserRole.ADMIN, scope]
        assert [line["subject"] for line in house.send(key, "GET", "/api/v1/audit").json()] == subjects
        text = house.send(key, "GET", "/api/v1/audit/export?format=json").text
        assert not any(name in text for name in (*NAMES, "carl", "every site", "retired"))
        assert len(text.splitlines()) == len(subjects)
        assert house.send(key, "GET", f"/api/v1/audit?camera={FOREIGN}").json() == []


def test_lines_are_found_by_who_what_which_and_when(house: House) -> None:
    fill(house)
    for query, count in (
        ("by=ann", 3), ("action=add user", 1), (f"camera={MINE}", 1), ("before=3", 2), ("limit=2", 2),
        (f"since={START:%Y-%m-%dT%H:%M:%SZ}", 7), (f"until={START:%Y-%m-%dT%H:%M:%SZ}", 0),
    ):  # fmt: skip
        assert len(house.send(TOKEN, "GET", f"/api/v1/audit?{query}").json()) == count, query


def test_the_file_holds_every_line_and_no_formula_and_taking_it_is_a_line(house: House) -> None:
    fill(house)
    answer = house.send(TOKEN, "GET", "/api/v1/audit/export?format=csv&by=ann")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["subject"] for row in rows] == ["retired", FOREIGN, MINE]
    assert rows[2]["detail"] == "'=cmd()"
    line = audit_of(house).entries()[0]
    assert (line.by, line.action, line.detail, line.via, line.client) == (
        "(token)", "export audit", "csv", "token", "127.0.0.1",
    )  # fmt: skip
    found = house.send(TOKEN, "GET", "/api/v1/audit/export?format=json").text.splitlines()
    assert [json.loads(each)["number"] for each in found] == list(range(8 + 1, 0, -1))
    assert house.send(TOKEN, "GET", "/api/v1/audit/export?format=csv&by=nobody").text.startswith("number,at,by")


@pytest.mark.parametrize("key", [(UserRole.VIEWER, "all"), (UserRole.OPERATOR, "all"), (UserRole.OPERATOR, "site")])
def test_only_an_administrator_reads_it(house: House, key: tuple[UserRole, str]) -> None:
    for path in ("/api/v1/audit", "/api/v1/audit/export?format=csv"):
        assert house.send(house.keys[key], "GET", path).status_code == 403


def test_reports_that_are_made_are_lines(house: House) -> None:
    house.send(house.keys[UserRole.VIEWER, "site"], "GET", f"/api/v1/reports?camera={MINE}")
    house.send(house.keys[UserRole.VIEWER, "all"], "GET", "/api/v1/reports?site=vault-site")
    house.send(house.keys[UserRole.VIEWER, "all"], "GET", "/api/v1/reports")
    found = [(line.by, line.action, line.subject, line.site) for line in reversed(audit_of(house).entries())]
    assert found == [
        ("viewer-site", "export report", MINE, "depot"),
        ("viewer-all", "export report", "site vault-site", "vault-site"),
        ("viewer-all", "export report", "every site", ""),
    ]


def test_a_foreign_report_that_is_refused_is_no_line(house: House) -> None:
    house.send(house.keys[UserRole.VIEWER, "site"], "GET", f"/api/v1/reports?camera={FOREIGN}")
    assert audit_of(house).entries() == []


def test_nothing_changes_or_deletes_a_line_over_the_api(house: House) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert house.send(TOKEN, method, "/api/v1/audit").status_code == 405


def line(number: int, at_h: float = 0.0) -> AuditEntry:
    return AuditEntry(START + timedelta(hours=at_h), "ann", "view picture", f"cam-{number}")


def test_the_first_look_of_each_hour_is_written_down() -> None:
    store, clock = FakeAuditStore(), FakeClock()
    trail = AuditTrail(store, clock)
    for at in (0.0, 0.2, 0.99, 1.0, 1.5, 2.1):
        trail.record_hourly(line(1, at))
    trail.record_hourly(line(2))
    assert [each.subject for each in store.entries()] == ["cam-2", "cam-1", "cam-1", "cam-1"]


def test_lines_wait_while_the_store_is_away_and_come_in_their_order() -> None:
    store, clock = FakeAuditStore(), FakeClock()
    trail = AuditTrail(store, clock)
    store.away = True
    for number in range(MAX_WAITING + 5):
        trail.record(line(number))
    store.away = False
    clock.advance(10)
    trail.record(line(9999))
    found = [each.subject for each in reversed(store.entries(limit=10_000))]
    assert found == [f"cam-{number}" for number in range(6, MAX_WAITING + 5)] + ["cam-9999"]


def test_without_a_store_nothing_is_written_and_nothing_fails() -> None:
    trail = AuditTrail(None, FakeClock())
    trail.record(line(1))
    assert trail.entries() == ()


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_file_that_breaks_off_says_so_and_is_no_whole_file_to_a_program(
    house: House, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.audit._PAGE", 3)
    fill(house)
    store = audit_of(house)
    read, asked = store.entries, []

    def entries(*arguments: Any, **options: Any) -> Any:
        asked.append(arguments)
        store.away = len(asked) > 2
        return read(*arguments, **options)

    monkeypatch.setattr(store, "entries", entries)
    got: list[str] = []
    with serve_app(house.api.app) as address:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        path = f"{address}/api/v1/audit/export?format={form}"
        broken = pytest.raises(httpx.RemoteProtocolError, match="incomplete")
        with httpx.stream("GET", path, headers=headers, timeout=120) as answer, broken:
            got.extend(answer.iter_lines())
    assert "NOT COMPLETE: the database became unavailable after 6 lines" in got[-1]
