"""Reports in a real browser: what is chosen is what is asked for, and it comes as a file."""

import pytest

from domain.cameras import Camera
from domain.report_files import PeriodName, ReportFile, ReportFormat, ReportRequest
from lab.bench.page.browser import Browser
from tests.unit.api.page.conftest import Open
from tests.unit.api.sample_cameras import SampleCameras

pytestmark = pytest.mark.browser


class NotedReports:
    """Makes a small file and notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[ReportRequest, ReportFormat]] = []

    def make(self, request: ReportRequest, form: ReportFormat) -> ReportFile:
        self.asked.append((request, form))
        return ReportFile(f"sightline-week.{form.value}", form, b"{}")


def choose(window: Browser, field: str, value: str) -> None:
    script = """const field = document.getElementById(arguments[0]);
        field.value = arguments[1]; field.dispatchEvent(new Event('change', { bubbles: true }))"""
    window.run(script, field, value)


def test_a_report_of_a_site_and_of_chosen_days_is_downloaded(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1", site="North & West"))
    maker = NotedReports()
    start = opened("/reports", reports=maker)
    window.wait(lambda: len(window.texts("#report-site option")) == 2, what="the sites")
    choose(window, "period", "last-month")
    choose(window, "report-site", "North & West")
    window.click("button[value=csv]")
    window.wait(lambda: "Downloaded sightline-week.csv." in window.texts("main")[0], what="that the file came")
    assert maker.asked == [(ReportRequest(PeriodName.LAST_MONTH, site="North & West"), ReportFormat.CSV)]
    address = str(window.run("return location.href"))
    assert address == f"{start}/reports?period=last-month&site=North+%26+West"

    window.open(address)
    window.wait(lambda: window.run("return document.getElementById('report-site')?.value") == "North & West", what="it")
    assert window.run("return document.getElementById('period').value") == "last-month"
    choose(window, "period", "days")
    choose(window, "report-from", "2026-11-02")
    choose(window, "report-to", "2026-11-08")
    window.click("button[value=pdf]")
    window.wait(lambda: len(maker.asked) == 2, what="the second report")
    request, form = maker.asked[1]
    assert (str(request.first), str(request.last), form) == ("2026-11-02", "2026-11-08", ReportFormat.PDF)


def test_what_the_server_refuses_is_said(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    opened("/reports")
    window.wait(lambda: window.texts("button[value=json]"), what="the form")
    window.click("button[value=json]")
    window.wait(lambda: "reports are not made by this process" in window.texts("main")[0], what="why there is none")
    window.errors()  # the browser reports the 404 itself
