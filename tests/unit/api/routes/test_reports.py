"""Reports over the API: any period, as a file to download, and no stranger's text in an answer."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.report_files import ReportFormat
from lab.bench.reports.planted_history import plant
from lab.bench.reports.stored_history import store_history
from reports.export.seal import Outcome, check_seal
from reports.maker import StoredReports
from reports.usable_time.periods import Zones
from tests.fakes.ports import FakeClock
from tests.unit.api.conftest import Caller, make_app
from tests.unit.api.sample_cameras import SampleCameras
from tests.unit.reports.test_build import SITES, ZONES

PATH = "/api/v1/reports"


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> StoredReports:
    history = plant(6, 20, datetime(2026, 11, 5, tzinfo=UTC), seed=4, sites=SITES)
    _, store = store_history(history, tmp_path_factory.mktemp("api"))
    assert isinstance(ZONES, Zones)
    return StoredReports(store, ZONES, FakeClock(history.until), version="1.2.3")


@pytest.fixture
def caller(stage: SampleCameras, maker: StoredReports) -> Caller:
    return Caller(make_app(stage, reports=maker))


@pytest.mark.parametrize("form", list(ReportFormat))
def test_a_report_is_a_sealed_file_to_download(caller: Caller, form: ReportFormat) -> None:
    answer = caller.get(PATH, params={"since": "2026-11-09", "until": "2026-11-15", "format": form.value})
    assert answer.status_code == 200
    name = f"sightline-2026-11-09-to-2026-11-15.{form.value}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert check_seal(answer.content).outcome is Outcome.INTACT
    assert check_seal(answer.content).form is form


def test_a_period_by_name_and_a_site_are_understood(caller: Caller) -> None:
    values = json.loads(caller.get(PATH, params={"period": "last-week", "site": "north"}).content)
    assert values["period"] == "2026-11-16 to 2026-11-22"
    assert [site["name"] for site in values["sites"]] == ["north"]
    assert values["sites"][0]["since"] == "2026-11-16T00:00:00+01:00"


@pytest.mark.parametrize(
    "params",
    [
        {"since": "2026-11-09"},
        {"since": "2026-11-09", "until": "2026-11-01"},
        {"since": "1990-01-01", "until": "2026-11-01"},
        {"period": "fortnight"},
        {"format": "docx"},
        {"site": "x" * 300},
        {"since": "soon"},
    ],
)
def test_what_makes_no_report_is_refused_with_a_sentence(caller: Caller, params: dict[str, str]) -> None:
    answer = caller.get(PATH, params=params)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_an_unknown_site_gives_an_empty_report_that_says_so(caller: Caller) -> None:
    values = json.loads(caller.get(PATH, params={"site": "nowhere"}).content)
    assert values["sites"] == []
    assert values["notes"] == ["No camera was watched in this period."]


def test_a_process_that_makes_none_says_so(api: Caller) -> None:
    assert api.get(PATH).status_code == 404


def test_with_a_token_nobody_else_gets_a_report(stage: SampleCameras, maker: StoredReports, tmp_path: Path) -> None:
    guarded = Caller(make_app(stage, reports=maker, token="t" * 24))
    assert guarded.get(PATH).status_code == 401
    assert guarded.get(PATH, headers={"Authorization": "Bearer " + "t" * 24}).status_code == 200
