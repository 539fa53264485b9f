"""The wall with many cameras in a real browser: layouts, filters, sites, keyboard, and how large the document gets."""

from dataclasses import replace

import numpy as np
import pytest

from domain.cameras import Camera
from domain.faults import Evidence, VerdictState
from lab.bench.page.browser import Browser
from tests.unit.api.page.conftest import Open
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict, put_site, signal_loss_verdict

pytestmark = pytest.mark.browser

NODES = "return document.querySelectorAll('*').length"
MOST_NODES = 3000
ROWS = ".wall-table tr[data-name]"
ESCAPE, DOWN, ENTER = "\ue00c", "\ue015", "\ue007"
MARKS = Evidence("image_quality", "0-100, mean opinion", 49.9, 60.0, None)


def fill(stage: SampleCameras, count: int, *, sites: int = 40, bad_every: int = 10) -> None:
    for i in range(count):
        camera = Camera(f"cam-{i:04}", "rtsp://h/1", site=f"site-{i % sites:02}")
        if i % sites < sites // 2 or i % bad_every:
            stage.healthy(camera)
        elif i % 20:
            stage.add(camera)
        else:
            stage.failing(camera, blur_verdict())


@pytest.mark.parametrize("bad_every", [1, 10])
def test_a_thousand_cameras_fit_into_a_small_document(
    window: Browser, stage: SampleCameras, opened: Open, bad_every: int
) -> None:
    fill(stage, 1000, bad_every=bad_every)
    start = opened()
    window.wait(lambda: len(window.texts(ROWS)) > 5, what="rows", timeout_s=60)
    assert window.run(NODES) < MOST_NODES
    window.run("scrollTo(0, document.body.scrollHeight)")
    last_site = "return document.querySelector('.wall-table tr:nth-last-child(2)').innerText"
    window.wait(lambda: str(window.run(last_site)).startswith("site-"), what="the end of the table")
    assert window.run(NODES) < MOST_NODES
    window.run("scrollTo(0, 0)")
    for view in ("grid", "cards"):
        window.click(f"[data-view={view}]")
        window.wait(lambda: window.texts("section.site"), what=view, timeout_s=60)
        assert window.run(NODES) < MOST_NODES, view
    assert window.run("return location.href") == f"{start}/?view=cards"


def test_a_site_in_good_order_is_one_line_and_opens_when_asked(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    fill(stage, 80, sites=4)
    opened("/?view=table")
    window.wait(lambda: len(window.texts(".site-row")) == 4, what="four sites")
    assert sorted(window.texts(".site-row .tally"))[-2:] == ["all 20 OK", "all 20 OK"]
    assert not any(name.startswith("cam") for name in window.texts(f"{ROWS}[data-state=ok] a"))
    window.run("[...document.querySelectorAll('.site-row button')].find(b => b.innerText === 'site-00').click()")
    window.wait(lambda: len(window.texts(f"{ROWS}[data-state=ok]")) == 20, what="its cameras")


def test_a_site_that_is_off_or_unknown_never_reads_as_fine(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.add(Camera("a", "rtsp://h/1", site="Off", enabled=False))
    stage.add(Camera("b", "rtsp://h/1", site="Silent"))
    stage.healthy(Camera("c", "rtsp://h/1", site="Mixed"))
    stage.add(Camera("d", "rtsp://h/1", site="Mixed", enabled=False))
    opened()
    window.wait(lambda: len(window.texts("section.site")) == 3, what="three sites")
    assert tallies(window) == {"Silent": "1 unknown", "Mixed": "1 OK, 1 switched off", "Off": "1 switched off"}
    assert "fine" not in "".join(window.texts("main"))


def test_what_stands_out_at_a_site_is_named_with_its_reason_and_a_way_to_the_camera(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    put_site(stage, "north")
    put_site(stage, "south", learned=True)
    stage.show("north 0", np.zeros((9, 16, 3), np.uint8))
    opened()
    window.wait(lambda: window.texts("#standouts li"), what="the camera that stands out")
    (line,) = window.texts("#standouts li")
    assert line.startswith("north 0")
    assert "the infrared filter did not swing in" in line
    assert "compared with 9 others" in line
    assert window.texts("#standouts-title")[0].endswith("(1)")

    shown = "return document.querySelector('#standouts').hidden"
    choose = "const s = document.querySelector('#site'); s.value = arguments[0]; s.dispatchEvent(new Event('change'))"
    window.run(choose, "=south")
    assert window.run(shown) is True
    window.run(choose, "=north")
    assert window.run(shown) is False
    window.click("#standouts a")
    window.wait(lambda: window.texts("#detail-title") == ["north 0"], what="the camera")
    window.wait(lambda: window.texts(".detail .check-row"), what="its checks")


def test_many_that_stand_out_are_folded_behind_the_first(window: Browser, stage: SampleCameras, opened: Open) -> None:
    for number in range(8):
        put_site(stage, f"site {number}")
    opened()
    window.wait(lambda: window.texts("#standouts > ul li"), what="what stands out")
    assert window.texts("#standouts-title")[0].endswith("(8)")
    assert len(window.texts("#standouts > ul li")) == 6
    assert window.texts("#standouts summary") == ["2 more"]
    window.click("#standouts summary")
    assert len(window.texts("#standouts details li")) == 2


def test_a_wall_where_nothing_stands_out_has_no_such_section(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    put_site(stage, learned=True)
    opened()
    window.wait(lambda: len(window.texts("section.site")) == 1, what="the site")
    assert window.run("return document.querySelector('#standouts').hidden") is True


def tallies(window: Browser) -> dict[str, str]:
    names, counts = window.texts("section.site h2 button"), window.texts("section.site .tally")
    return dict(zip(names, counts, strict=True)) if len(names) == len(counts) else {}


def test_in_whatever_order_cameras_leave_only_those_in_order_are_counted_so(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    gate, yard, dock = (Camera(name, "rtsp://h/1", site="North") for name in ("gate", "yard", "dock"))
    snapshots = {camera.name: stage.healthy(camera) for camera in (gate, yard, dock)}
    opened("/?view=cards")
    window.wait(lambda: tallies(window) == {"North": "all 3 OK"}, what="three in order", timeout_s=60)
    stage.add(replace(gate, enabled=False))
    window.wait(lambda: tallies(window) == {"North": "2 OK, 1 switched off"}, what="one off", timeout_s=60)
    none = tuple(
        replace(each, state=VerdictState.NOT_ASSESSABLE, reason="no light") for each in snapshots["yard"].verdicts
    )
    stage.live.put(replace(snapshots["yard"], verdicts=none))
    wanted = {"North": "1 not assessable, 1 OK, 1 switched off"}
    window.wait(lambda: tallies(window) == wanted, what="one that cannot be judged", timeout_s=60)
    stage.live.remove("dock")
    wanted = {"North": "1 unknown, 1 not assessable, 1 switched off"}
    window.wait(lambda: tallies(window) == wanted, what="one that is unknown", timeout_s=60)
    stage.add(replace(yard, enabled=False))
    stage.add(replace(dock, enabled=False))
    window.wait(lambda: tallies(window) == {"North": "3 switched off"}, what="all off", timeout_s=60)
    assert window.texts(".count strong") == ["3"]
    stage.add(gate)
    window.wait(lambda: tallies(window) == {"North": "1 OK, 2 switched off"}, what="one back", timeout_s=60)


def test_a_site_is_reached_and_its_address_can_be_sent(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("a", "rtsp://h/1", site="North & West"))
    stage.failing(Camera("b", "rtsp://h/1", site="South"), signal_loss_verdict())
    start = opened()
    window.wait(lambda: len(window.texts("#site option")) == 3, what="the sites")
    window.run(
        "const s = document.getElementById('site'); s.value = '=North & West'; s.dispatchEvent(new Event('change'))"
    )
    window.wait(lambda: window.texts(".card h3") == ["a"], what="the site alone")
    address = str(window.run("return location.href"))
    assert address == f"{start}/?site=North+%26+West"
    window.open(address)
    window.wait(lambda: window.texts(".card h3") == ["a"], what="the site alone again")


def test_a_filter_is_saved_under_a_name_and_used_again(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("a", "rtsp://h/1"))
    stage.failing(Camera("b", "rtsp://h/1"), blur_verdict())
    opened("/?state=fault&view=grid")
    window.wait(lambda: window.texts(".tile") == ["b"], what="the fault")
    window.click(".saved summary")
    window.type(".saved input", "Mine")
    window.click(".saved form button")
    window.click("a.brand")
    window.wait(lambda: len(window.texts(".card h3")) == 2, what="the whole wall")
    window.click(".saved summary")
    window.click(".saved li a")
    window.wait(lambda: window.texts(".tile") == ["b"], what="the fault again")
    window.run("localStorage.clear()")


def test_the_wall_is_worked_by_keyboard(window: Browser, stage: SampleCameras, opened: Open) -> None:
    for name in ("gate", "yard"):
        stage.failing(Camera(name, "rtsp://h/1"), blur_verdict())
        stage.show(name, np.full((90, 160, 3), 120, np.uint8))
    opened("/?view=table")
    window.wait(lambda: len(window.texts(ROWS)) == 2, what="two rows")
    focused = "return document.activeElement.innerText || document.activeElement.id"
    window.press("/")
    assert window.run(focused) == "find"
    window.press("y")
    window.wait(lambda: window.texts(f"{ROWS} a") == ["yard"], what="what was typed to be found")
    window.press(ESCAPE)
    window.wait(lambda: len(window.texts(ROWS)) == 2, what="everything again")
    window.press(DOWN)
    assert window.run(focused) == "gate"
    window.press(DOWN)
    assert window.run(focused) == "yard"
    window.press("k")
    assert window.run(focused) == "gate"
    window.press(ENTER)
    window.wait(lambda: window.texts("#detail-title") == ["gate"], what="the camera")


def test_pictures_are_fetched_when_asked_for_and_never_of_an_unknown_camera(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    stage.add(Camera("yard", "rtsp://h/1"))
    for name in ("gate", "yard"):
        stage.show(name, np.full((90, 160, 3), 120, np.uint8))
    opened("/?view=grid")
    window.wait(lambda: len(window.texts(".tile")) == 2, what="two tiles")
    assert window.run("return document.querySelectorAll('.tile img').length") == 0
    window.run("[...document.querySelectorAll('button')].find(b => b.innerText === 'Pictures of now').click()")
    pictured = """return [...document.querySelectorAll('.tile img')]
        .filter(i => i.naturalWidth).map(i => i.parentNode.innerText)"""
    window.wait(lambda: window.run(pictured) == ["gate"], what="the picture of the camera that is known")


def test_marks_of_a_hundred_keep_their_meaning(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.suspected(Camera("gate", "rtsp://h/1"), replace(blur_verdict(), evidence=MARKS))
    opened()
    window.wait(lambda: "49.9 of 100" in "".join(window.texts(".card")), what="the mark with its whole")


def test_a_kiosk_link_made_on_the_wall_shows_it_and_leads_nowhere(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1", site="North"))
    stage.failing(Camera("yard", "rtsp://h/1", site="South"), blur_verdict())
    opened("/?token=kiosk+hunter2+token&site=South", token="kiosk hunter2 token")
    window.wait(lambda: window.texts(".card h3") == ["yard"], what="the site's wall")
    window.click("#kiosk-link summary")
    window.click("#kiosk-link button")
    window.wait(lambda: window.texts("#kiosk-link input:not([hidden])"), what="the link")
    link = str(window.run("return document.querySelector('#kiosk-link input').value"))
    window.forget_cookies()
    window.open(link)
    window.wait(lambda: window.texts(".kiosk .tile") == ["yard"], what="the wall of the link's site alone")
    assert str(window.run("return location.href")).endswith("/kiosk")
    assert window.run("return document.querySelectorAll('main a, main form, main input').length") == 0
    assert "Out of focus yard" in " ".join(window.texts(".kiosk-incidents li")).replace("\n", " ")
    window.forget_cookies()
    window.errors()  # the page's requests between the session's end and the link
