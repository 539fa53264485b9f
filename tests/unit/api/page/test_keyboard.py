"""The whole way through the page without a pointer: every step is a key press where the focus is."""

from pathlib import Path

import cv2
import pytest

from domain.alerts import AlarmAnswer
from domain.cameras import Mask
from domain.faults import Fault
from lab.bench.page.browser import Browser
from simulation.cameras.http_camera import repeat_at_rate, serve_jpeg_camera
from tests.cameras.films import draw_test_picture
from tests.unit.api.conftest import serve_app
from tests.unit.api.page.test_acts import WAIT_S, ServedPage, camera_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

TAB, ENTER, SPACE = "\ue004", "\ue007", " "
MOST_TABS = 150
IS_THERE = "return !!document.activeElement && document.activeElement.matches(arguments[0])"
OUTLINE = """
const style = getComputedStyle(document.activeElement);
return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
"""


def tab_to(window: Browser, selector: str) -> None:
    """Go on with Tab until the focus is there; it must be seen where it is."""
    found = "return !!document.querySelector(arguments[0])"
    window.wait(lambda: window.run(found, selector), what=selector, timeout_s=WAIT_S)
    for _ in range(MOST_TABS):
        if window.run(IS_THERE, selector):
            assert window.run(OUTLINE), f"the focus on {selector} is not seen"
            return
        window.press(TAB)
    raise AssertionError(f"{MOST_TABS} times Tab did not lead to {selector}")


def write(window: Browser, selector: str, text: str) -> None:
    """Type into a field, in place of what it holds."""
    tab_to(window, selector)
    window.run("document.activeElement.select && document.activeElement.select()")
    window.press_each(text)


def answer_dialog(window: Browser, **fields: str) -> None:
    """Fill the dialog that opened and send it with Enter."""
    window.wait(lambda: window.texts("dialog[open] h2"), what="the dialog", timeout_s=WAIT_S)
    for name, text in fields.items():
        write(window, f"dialog[open] [name={name}]", text)
    tab_to(window, "dialog[open] button[type=submit]")
    window.press(ENTER)
    window.wait(lambda: not window.texts("dialog[open] h2"), what="the end of the dialog", timeout_s=WAIT_S)


def press(window: Browser, selector: str) -> None:
    tab_to(window, selector)
    window.press(ENTER)


def add_a_camera(window: Browser, url: str) -> None:
    press(window, "#nav a[href='/cameras/+add']")
    for name, text in {"name": "gate", "address": url, "site": "North", "tags": "entrance"}.items():
        write(window, f"form.edit [name={name}]", text)
    write(window, "form.edit [name=by]", "Ada")
    press(window, "#try-camera")
    window.wait(lambda: "It works" in "".join(window.texts(".tried")), what="the trial", timeout_s=WAIT_S)
    press(window, "#add-mask")
    write(window, "[data-mask='0'][data-side='left']", "10")
    tab_to(window, "#mask-shape")
    window.press_each("P")
    press(window, "#add-mask")
    write(window, "[data-mask='1'][data-side='points']", "10 60, 30 60, 20 90")
    press(window, "#save-camera")
    window.wait(lambda: window.texts("#detail-title") == ["gate"], what="the camera's page", timeout_s=WAIT_S)


def accept_and_mute(window: Browser) -> None:
    press(window, "#camera-accept")
    answer_dialog(window)
    press(window, "#edit-camera")
    tab_to(window, f"form.edit input[type=checkbox][data-fault={Fault.NOISE}]")
    window.press(SPACE)
    press(window, "#save-camera")
    window.wait(lambda: window.texts(".said") == ["Saved."], what="that it was saved", timeout_s=WAIT_S)


def work_on_the_incident(window: Browser) -> None:
    press(window, "#nav a[href='/incidents']")
    press(window, ".incident-table a.name")
    press(window, "#act-comment")
    answer_dialog(window, note="a spider's web, cleaned")
    press(window, "#answer-wrong")
    answer_dialog(window)
    window.wait(lambda: len(window.texts(".log li")) == 2, what="the log", timeout_s=WAIT_S)


def test_everything_is_done_by_keyboard_alone(window: Browser, tmp_path: Path) -> None:
    place = ServedPage(tmp_path)
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    pictures = [bytes(cv2.imencode(".jpg", draw_test_picture(index, 320, 192))[1]) for index in range(5)]
    with serve_jpeg_camera(repeat_at_rate(pictures, 5.0)) as camera, serve_app(place.app) as address:
        window.open(address)
        window.allow_downloads(downloads)
        window.wait(lambda: window.texts("#nav a"), what="the page", timeout_s=WAIT_S)
        add_a_camera(window, camera)
        assert camera_of(place).masks == (
            Mask(0.1, 0.4, 0.2, 0.2),
            Mask.polygon([(0.1, 0.6), (0.3, 0.6), (0.2, 0.9)]),
        )
        assert camera_of(place).tags == ("entrance",)
        place.show("gate")
        accept_and_mute(window)
        assert camera_of(place).faults[Fault.NOISE].enabled is False
        assert camera_of(place).accepted_by == "Ada"
        place.clock.advance(2 * 3600)
        place.fail("gate", "gate/blur/1")
        work_on_the_incident(window)
        incident = place.alerts.incident("gate/blur/1")
        assert incident is not None
        assert incident.answer is AlarmAnswer.WRONG
        press(window, "#nav a[href='/reports']")
        press(window, "button.download[value=json]")
        window.wait(lambda: list(downloads.glob("*.json")), what="the report", timeout_s=WAIT_S)
        window.errors()  # the picture of now was asked for before it was there
        window.open("about:blank")
    place.engine.dispose()
