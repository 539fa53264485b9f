"""A person acts on the page, in a real browser and without a shell: over a real database and a real camera."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import pytest
from sqlalchemy import Engine

from api.app import create_app
from api.backend import OperatorServices
from domain.alerts import AlarmAnswer, Incident, IncidentAction, IncidentLogEntry, IncidentState
from domain.cameras import Camera
from domain.faults import Evidence, Fault
from domain.messages import BatchResult, StreamSnapshot
from domain.verdict_time import TimeState, VerdictSpan
from lab.bench.page.browser import Browser, browser, explain_missing_browser
from reports.export.seal import Outcome, check_seal
from reports.maker import StoredReports
from reports.usable_time.periods import Zones
from sightline.config.settings import Settings
from sightline.services.camera_tester import ReaderCameraTester
from simulation.cameras.http_camera import repeat_at_rate, serve_jpeg_camera
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.report_store import SqlReportStore
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests.cameras.films import draw_test_picture
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import START, FakeClock
from tests.unit.api.conftest import absent, make_app, serve_app
from tests.unit.api.sample_cameras import METRICS, SampleCameras, blur_verdict, verdicts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WAIT_S = 60.0
START_OF_DAY = f"{START + timedelta(days=1):%Y-%m-%d}T00:00:00Z"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if reason := explain_missing_browser():
        absent(reason)
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.resize(1400, 1000)
        yield opened


class ServedPage:
    """The stores of one database under the API, and what a worker would have put into them."""

    def __init__(self, path: Path) -> None:
        self.engine: Engine = open_engine(f"sqlite:///{path / 's.db'}")
        upgrade_schema(self.engine)
        self.clock = FakeClock(START + timedelta(days=1))
        self.streams, self.alerts = SqlStreamStore(self.engine), SqlAlertStore(self.engine)
        self.scores = SqlScoreStore(self.engine, clock=self.clock)
        self.live = FakeLiveState()
        reports = StoredReports(SqlReportStore(self.engine), Zones(default=ZoneInfo("UTC")), self.clock, version="test")
        self.app = create_app(
            self.streams, self.scores, self.alerts, self.live, metrics=METRICS, clock=self.clock,
            services=OperatorServices(reports=reports, camera_tester=ReaderCameraTester(Settings(), self.clock)),
        )  # fmt: skip

    def show(self, name: str) -> None:
        """Make the camera live, with a picture of now."""
        stage = SampleCameras()
        stage.live, stage.clock = self.live, self.clock
        camera = self.streams.camera(name)
        assert camera is not None
        self.live.put(StreamSnapshot(name, self.clock.now(), stage.status(name), verdicts=verdicts(camera)))
        stage.show(name, draw_test_picture(3, 320, 192))

    def fail(self, name: str, incident_id: str, *, hours_ago: float = 1.0) -> None:
        at = self.clock.now() - timedelta(hours=hours_ago)
        evidence = Evidence("edge_width", "px", 7.1, None, 4.0)
        incident = Incident(incident_id, name, Fault.BLUR, IncidentState.OPEN, at, at, site="North", evidence=evidence)
        span = VerdictSpan(name, at, self.clock.now(), TimeState.FAULT, Fault.BLUR)
        self.scores.add(BatchResult(incidents=(incident,), spans=(span,)))


def fill(window: Browser, selector: str, text: str) -> None:
    """Type into a field what a person would, in place of what it holds."""
    window.run("document.querySelector(arguments[0]).value = ''", selector)
    window.type(selector, text)


def press(window: Browser, selector: str) -> None:
    """Press a button once it is there, from the keyboard, as where it is covered by what sticks to the edge."""
    window.wait(lambda: window.run("return !!document.querySelector(arguments[0])", selector), what=selector)
    window.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector)
    window.click(selector)


def confirm(window: Browser, **fields: str) -> None:
    """Fill the open dialog and send it."""
    window.wait(lambda: window.texts("dialog[open] h2"), what="a dialog")
    for name, text in fields.items():
        fill(window, f"dialog[open] [name={name}]", text)
    window.click("dialog[open] button[type=submit]")
    window.wait(lambda: not window.texts("dialog[open] h2"), what="the end of the dialog", timeout_s=WAIT_S)


def drag(window: Browser, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw from one place of an element to another; places are fractions of its size."""
    window.run(
        """
        const [selector, start, end] = arguments, area = document.querySelector(selector);
        area.setPointerCapture = () => {};
        area.scrollIntoView({block: 'center'});
        const box = area.getBoundingClientRect();
        const at = ([x, y]) => ({
          clientX: box.left + x * box.width, clientY: box.top + y * box.height, pointerId: 1, bubbles: true,
        });
        area.dispatchEvent(new PointerEvent('pointerdown', at(start)));
        area.dispatchEvent(new PointerEvent('pointermove', at(end)));
        area.dispatchEvent(new PointerEvent('pointerup', at(end)));
        """,
        selector,
        list(start),
        list(end),
    )


def draw_polygon(window: Browser) -> None:
    """Click four corners and the first one again; then draw another mask and take it back."""
    window.run(
        "const s = document.querySelector('#mask-shape'); s.value = 'polygon'; s.dispatchEvent(new Event('change'))"
    )
    for corner in ((0.1, 0.6), (0.3, 0.6), (0.35, 0.9), (0.1, 0.8), (0.1, 0.6)):
        drag(window, ".mask-surface", corner, corner)
    assert len(window.texts(".mask-list li")) == 3
    press(window, "#add-mask")
    assert len(window.texts(".mask-list li")) == 4
    press(window, "#undo-mask")
    assert len(window.texts(".mask-list li")) == 3


def camera_of(place: ServedPage, name: str = "gate") -> Camera:
    found = place.streams.camera(name)
    assert found is not None
    return found


def add_and_try(window: Browser, url: str) -> None:
    """Add a camera on its page, try it out, and draw one mask by pointer and one by keyboard."""
    press(window, "#nav a[href='/cameras/+add']")
    window.wait(lambda: window.texts("form.edit"), what="the form")
    for name, text in {"name": "gate", "address": url, "site": "North", "by": "Ada"}.items():
        fill(window, f"form.edit [name={name}]", text)
    press(window, "#try-camera")
    window.wait(lambda: "It works" in "".join(window.texts(".tried")), what="the trial", timeout_s=WAIT_S)
    assert "it sends pictures of 320 x 192" in window.texts(".tried")[0]
    shown = "return document.querySelector('.mask-frame img').naturalWidth"
    window.wait(lambda: window.run(shown) == 320, what="the picture")
    drag(window, ".mask-surface", (0.5, 0.0), (1.0, 0.25))
    press(window, "#add-mask")
    fill(window, "[data-mask='1'][data-side='width']", "10")
    fill(window, "form.edit [name=tags]", "entrance, floor 2")
    draw_polygon(window)
    press(window, "#save-camera")
    window.wait(lambda: window.texts("#detail-title") == ["gate"], what="the camera's page", timeout_s=WAIT_S)


def mute(window: Browser, fault: Fault) -> None:
    """Switch a fault of the camera off, from its page."""
    press(window, "#edit-camera")
    window.wait(lambda: window.texts("h1") == ["Settings of gate"], what="the settings")
    press(window, f"form.edit input[type=checkbox][data-fault={fault}]")
    press(window, "#save-camera")
    window.wait(lambda: window.texts(".said") == ["Saved."], what="that it was saved", timeout_s=WAIT_S)


def comment_and_answer(window: Browser, address: str) -> None:
    """Find the incident in the list, comment on it, and judge it wrong."""
    window.open(f"{address}/incidents?state=open&fault=blur")
    window.wait(lambda: window.texts(".incident-table a.name") == ["Out of focus"], what="the incident")
    press(window, ".incident-table a.name")
    press(window, "#act-comment")
    confirm(window, note="a spider's web, cleaned")
    press(window, "#answer-wrong")
    confirm(window, note="")
    window.wait(lambda: len(window.texts(".log li")) == 2, what="the log")
    said = [" ".join(line.split("\n")[1:]) for line in window.texts(".log li")]
    assert said == ["Ada wrote a spider's web, cleaned", "Ada answered: Wrong"]


def read_json(window: Browser, path: str) -> dict[str, Any]:
    text = window.run("return fetch(arguments[0]).then(answer => answer.text())", path)
    found: dict[str, Any] = json.loads(text)
    return found


def download_report(window: Browser, address: str, folder: Path) -> dict[str, Any]:
    """Download today's report as JSON on its page, and return what the file holds."""
    folder.mkdir()
    window.allow_downloads(folder)
    window.open(f"{address}/reports?period=today")
    press(window, "button.download[value=json]")
    window.wait(lambda: list(folder.glob("*.json")), what="the file", timeout_s=WAIT_S)
    (file,) = folder.glob("*.json")
    assert check_seal(file.read_bytes()).outcome is Outcome.INTACT
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return dict(found.get("content", found))


def check_seconds(report: dict[str, Any], timeline: dict[str, Any]) -> None:
    """Compare the report's seconds of the camera with the states that the API gives over time."""
    (site,) = report["sites"]
    (camera,) = site["cameras"]
    seconds = camera["summary"]["seconds"]
    lengths = [
        datetime.fromisoformat(each["until"]) - datetime.fromisoformat(each["since"])
        for each in timeline["spans"]
        if each["state"] == "fault"
    ]
    assert seconds["fault:blur"] == sum(lengths, timedelta()).total_seconds() == 3600


def test_a_camera_and_its_incident_are_worked_on_without_a_shell(window: Browser, tmp_path: Path) -> None:
    place = ServedPage(tmp_path)
    pictures = [bytes(cv2.imencode(".jpg", draw_test_picture(index, 320, 192))[1]) for index in range(5)]
    with serve_jpeg_camera(repeat_at_rate(pictures, 5.0)) as camera, serve_app(place.app) as address:
        window.open(address)
        add_and_try(window, camera)
        added = camera_of(place)
        assert (added.url, added.site) == (camera, "North")
        drawn, typed, clicked = added.masks
        assert (drawn.left, drawn.top, drawn.width, drawn.height) == pytest.approx((0.5, 0.0, 0.5, 0.25), abs=0.01)
        assert (typed.left, typed.top, typed.width, typed.height) == (0.4, 0.4, 0.1, 0.2)
        expected = [(0.1, 0.6), (0.3, 0.6), (0.35, 0.9), (0.1, 0.8)]
        assert [pytest.approx(corner, abs=0.01) for corner in clicked.points] == expected
        assert added.tags == ("entrance", "floor 2")
        place.show("gate")
        press(window, "#camera-accept")
        confirm(window)
        assert (camera_of(place).accepted_by, camera_of(place).accepted_at) == ("Ada", place.clock.now())
        mute(window, Fault.NOISE)
        assert camera_of(place).faults[Fault.NOISE].enabled is False
        assert camera_of(place).masks == added.masks
        place.clock.advance(2 * 3600)
        place.fail("gate", "gate/blur/1")
        comment_and_answer(window, address)
        counted = read_json(window, "/api/v1/alarm-precision")["faults"]
        report = download_report(window, address, tmp_path / "downloads")
        in_report = report["alarm_precision"]
        check_seconds(report, read_json(window, f"/api/v1/cameras/gate/timeline?since={START_OF_DAY}"))
        names = ("fault", "right", "wrong", "new_normal", "precision")
        assert [[each[name] for name in names] for each in in_report] == [["blur", 0, 1, 0, 0.0]]
        assert [[each[name] for name in names] for each in counted] == [["blur", 0, 1, 0, 0.0]]
        errors = window.errors()
        window.open("about:blank")
    assert [each for each in errors if "/picture" not in each] == []
    place.engine.dispose()


def test_the_shares_of_a_stretch_name_the_time_of_which_nothing_is_written_down(
    window: Browser, tmp_path: Path
) -> None:
    """Fault 25 % alone reads as if the camera had been fine for the rest."""
    place = ServedPage(tmp_path)
    place.streams.put_camera(Camera("gate", "rtsp://h/1", site="North"), by="t", at=START)
    place.show("gate")
    place.fail("gate", "i1", hours_ago=0.25)
    until = place.clock.now()
    ends = f"from={until - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}&to={until:%Y-%m-%dT%H:%M:%SZ}"
    with serve_app(place.app) as address:
        window.open(f"{address}/cameras/gate?{ends}")
        window.wait(lambda: window.texts(".states p"), what="the shares", timeout_s=WAIT_S)
        (said,) = window.texts(".states p")
    assert said.replace("\u202f", " ") == "In this time: Fault 25 %, nothing written down 75 %"


def test_many_incidents_are_filtered_and_taken_on_at_once(window: Browser, stage: SampleCameras) -> None:
    names = ("gate", "yard", "dock")
    for name in names:
        stage.failing(Camera(name, "rtsp://h/1", site="North" if name != "dock" else "South"), blur_verdict())
    stage.alerts.acknowledge("yard/blur/1", by="Bob", reason="", at=stage.clock.now())
    over = stage.alerts.incident("dock/blur/1")
    assert over is not None
    stage.scores.add(
        BatchResult(incidents=(replace(over, state=IncidentState.RESOLVED, resolved_at=stage.clock.now()),))
    )
    with serve_app(make_app(stage)) as address:
        window.open(f"{address}/incidents?site=North")
        window.wait(lambda: len(window.texts(".incident-table a.name")) == 2, what="the incidents of the site")
        assert len(window.texts(".time-bar .end")) == 2
        window.run("document.querySelector('.filters [name=site]').value = ''")
        window.run("document.querySelector('.filters').dispatchEvent(new Event('change'))")
        window.wait(lambda: len(window.texts(".incident-table a.name")) == 3, what="all incidents")
        assert window.run("return location.search") == ""
        assert len(window.texts(".time-bar .end")) == 4  # an open one has one end, the resolved one both
        boxes = window.run(
            "return [...document.querySelectorAll('.incident-table input')].map(b => b.dataset.incident)"
        )
        assert sorted(boxes) == ["dock/blur/1", "gate/blur/1"]
        for box in boxes:
            window.click(f"[data-incident='{box}']")
        press(window, "#acknowledge-chosen")
        confirm(window, reason="storm", by="Ada")
        window.wait(lambda: not window.texts(".incident-table input"), what="that all are taken on")
        for name in ("gate", "dock"):
            taken = stage.alerts.incident(f"{name}/blur/1")
            assert taken is not None
            assert (taken.acknowledged_by, taken.acknowledge_reason) == ("Ada", "storm")
        assert window.errors() == []
        window.open("about:blank")


def test_what_went_wrong_is_said_in_the_dialog_and_a_proposal_is_applied_only_when_asked(
    window: Browser, stage: SampleCameras
) -> None:
    incident = stage.failing(Camera("gate", "rtsp://h/1", site="North"), blur_verdict())
    for n in range(3):
        wrong = replace(incident, incident_id=f"w{n}", state=IncidentState.RESOLVED, resolved_at=stage.clock.now())
        stage.scores.add(BatchResult(incidents=(wrong,)))
        stage.alerts.record_work(
            IncidentLogEntry(f"w{n}", stage.clock.now(), "Ada", IncidentAction.ANSWER, AlarmAnswer.WRONG)
        )
    with serve_app(make_app(stage)) as address:
        window.open(f"{address}/incidents/gate/blur/1")
        window.wait(lambda: window.texts("#act-acknowledge"), what="the incident")
        press(window, "#act-acknowledge")
        stage.alerts.acknowledge("gate/blur/1", by="Bob", reason="", at=stage.clock.now())
        window.wait(lambda: window.texts("dialog[open] h2"), what="the dialog")
        fill(window, "dialog[open] [name=by]", "Ada")
        window.click("dialog[open] button[type=submit]")
        window.wait(
            lambda: "Bob took this incident on" in "".join(window.texts("dialog .problem")), what="who was first"
        )
        window.click("dialog[open] button.quiet")
        window.errors()  # the browser reports the 409 itself
        window.click("#nav a[href='/incidents']")
        window.wait(lambda: window.texts(".proposals li"), what="the proposal")
        assert "3 wrong and 0 right alarms at sensitivity 5. Proposed: 3." in window.texts(".proposals li")[0]
        assert "0 % right, between 0 and 71 %" in window.texts(".precision td")[1]
        camera = stage.streams.camera("gate")
        assert camera is not None
        assert camera.faults == {}
        press(window, ".proposals button")
        confirm(window, by="Ada")
        window.wait(lambda: not window.texts(".proposals li"), what="that it was applied")
        camera = stage.streams.camera("gate")
        assert camera is not None
        assert camera.faults[Fault.BLUR].sensitivity == 3
        assert window.errors() == []
        window.open("about:blank")
