"""A day's work on a phone: two people at once, cameras that go while they are open, links, and the back button."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from domain.cameras import Camera
from lab.bench.page.browser import Browser
from tests.fakes.ports import START
from tests.unit.api.conftest import serve_app
from tests.unit.api.page.test_acts import WAIT_S, ServedPage, camera_of, confirm, fill, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

INCIDENT = "gate/blur/1"


class Day:
    """Two cameras with one incident, Ada's browser, and what Bob does meanwhile from elsewhere."""

    def __init__(self, window: Browser, place: ServedPage, address: str, bob: httpx.Client) -> None:
        self.window, self.place, self.address, self._bob = window, place, address, bob

    def open(self, path: str, ready: str) -> None:
        self.window.open(self.address + path)
        self.window.run("localStorage.setItem('sightline.name', 'Ada')")
        self.see(ready)

    def see(self, selector: str) -> None:
        self.window.wait(lambda: self.window.texts(selector), what=selector, timeout_s=WAIT_S)

    def read(self, text: str, selector: str = "main") -> None:
        """Wait until the page says it."""
        seen = lambda: any(text in each for each in self.window.texts(selector))  # noqa: E731 - polled
        self.window.wait(seen, what=f"'{text}'", timeout_s=WAIT_S)

    def bob(self, method: str, path: str, **body: object) -> None:
        answer = self._bob.request(method, f"/api/v1{path}", json={"by": "Bob", **body})
        assert answer.is_success, answer.text

    def decline(self) -> str:
        """Answer the browser's own question with no; return what it asked."""
        return self.window.answer_prompt(accept=False)


@pytest.fixture
def day(window: Browser, tmp_path: Path) -> Iterator[Day]:
    place = ServedPage(tmp_path)
    for name in ("gate", "yard"):
        place.streams.put_camera(Camera(name, "rtsp://192.0.2.1/1", site="North"), by="test", at=START)
        place.show(name)
    place.fail("gate", INCIDENT)
    with (
        serve_app(place.app) as address,
        httpx.Client(base_url=address, timeout=60) as bob,
        window.phone(400, 844),
    ):
        yield Day(window, place, address, bob)
        window.open("about:blank")
        window.errors()  # refusals that a test asked for
    place.engine.dispose()


def test_what_another_operator_writes_is_read_without_reloading(day: Day) -> None:
    day.open(f"/incidents/{INCIDENT}", "#act-comment")
    day.bob("POST", "/incidents/gate%2Fblur%2F1/comment", note="I am on my way")
    day.read("I am on my way", ".log")
    day.window.click("#act-acknowledge")
    day.bob("POST", "/incidents/gate%2Fblur%2F1/acknowledge")
    fill(day.window, "dialog[open] [name=by]", "Ada")
    day.window.click("dialog[open] button[type=submit]")
    day.read("Bob took this incident on", "dialog[open] .problem")
    day.window.click("dialog[open] button.quiet")
    day.read("taken on by Bob", "dl.more")


def test_two_who_change_one_camera_both_keep_what_they_changed(day: Day) -> None:
    day.open("/cameras/gate/edit", "#save-camera")
    day.bob("PATCH", "/cameras/gate", site="South")
    fill(day.window, "form.edit [name=tags]", "door")
    press(day.window, "#save-camera")
    day.read("Bob changed this camera", ".said")
    press(day.window, "#save-mine")
    day.read("Saved.", ".said")
    camera = camera_of(day.place)
    assert (camera.site, camera.tags) == ("South", ("door",))
    assert day.window.run("return document.querySelector('form.edit [name=site]').value") == "South"


def test_a_camera_that_is_removed_while_it_is_open_says_so_and_is_brought_back(day: Day) -> None:
    day.open("/cameras/yard", "#camera-remove")
    day.bob("POST", "/cameras/yard/remove")
    day.read("There is no camera of this name now", ".camera-acts")
    assert not day.window.texts("#camera-remove")
    press(day.window, ".changes li:first-child button")
    confirm(day.window)
    day.see("#camera-remove")
    assert camera_of(day.place, "yard").site == "North"


def test_a_form_of_a_camera_that_was_removed_leads_to_what_happened(day: Day) -> None:
    day.open("/cameras/gate/edit", "#save-camera")
    day.bob("POST", "/cameras/gate/remove")
    fill(day.window, "form.edit [name=tags]", "door")
    press(day.window, "#save-camera")
    day.read("What happened to it", ".said")


def test_an_address_with_a_typing_error_says_that_there_never_was_such_a_camera(day: Day) -> None:
    day.open("/cameras/gaet", ".camera-acts p")
    day.read("see whether the address is typed rightly", ".camera-acts")
    day.read("There is no camera named 'gaet'.", ".summary")
    seen = "return [...document.querySelectorAll('.problem')].filter(each => each.checkVisibility()).length"
    assert day.window.run(seen) == 1, "said once, and nothing empty beside it"
    assert not day.window.run("return document.querySelector('.history').checkVisibility()")


def test_what_is_typed_is_not_lost_by_a_link_or_the_back_button(day: Day) -> None:
    day.open("/cameras/gate", "#edit-camera")
    press(day.window, "#edit-camera")
    day.see("#save-camera")
    fill(day.window, "form.edit [name=tags]", "door")
    press(day.window, "#nav a[href='/incidents']")
    assert "not saved" in day.decline()
    day.window.run("setTimeout(() => history.back())")
    assert "not saved" in day.decline()
    assert day.window.run("return location.pathname") == "/cameras/gate/edit"
    assert day.window.run("return document.querySelector('form.edit [name=tags]').value") == "door"
    press(day.window, "#save-camera")
    day.read("Saved.", ".said")
    press(day.window, "#nav a[href='/incidents']")
    day.see(".incident-table")


def test_the_back_button_leaves_no_dialog_over_another_view(day: Day) -> None:
    day.open("/incidents", ".incident-table a.name")
    press(day.window, ".incident-table a.name")
    day.see("#act-comment")
    day.window.click("#act-comment")
    day.see("dialog[open]")
    day.window.run("history.back()")
    day.see(".incident-table")
    assert not day.window.texts("dialog[open]")
    day.window.run("history.forward()")
    day.see("#act-comment")


def test_a_new_camera_is_asked_for_no_sensitivity_that_does_not_exist(day: Day) -> None:
    day.open("/cameras/+add", "#save-camera")
    without = (
        "[...document.querySelectorAll('form.edit .faults tr')].filter(row => !row.querySelector('[type=number]'))"
    )
    assert "signal_loss" in day.window.run(f"return {without}.map(row => row.dataset.fault)")


@pytest.mark.parametrize("plus", ["+", "%2B"])
def test_a_link_with_a_range_in_another_zone_opens_that_range(day: Day, plus: str) -> None:
    day.open(f"/cameras/gate?from=2026-03-01T00:00:00{plus}01:00&to=2026-03-01T06:00{plus}0100", ".ends")
    day.read("28 Feb 2026, 23:00 \N{EN DASH} 1 Mar 2026, 05:00", ".ends")
    assert not day.window.run("return document.querySelector('.history > .problem').checkVisibility()")


@pytest.mark.parametrize("query", ["from=noon&to=night", "from=2026-03-02T00:00Z&to=2026-03-01T00:00Z"])
def test_a_link_whose_range_cannot_be_read_says_so(day: Day, query: str) -> None:
    day.open(f"/cameras/gate?{query}", ".ends")
    day.read("The time range of this link cannot be read", ".history")
