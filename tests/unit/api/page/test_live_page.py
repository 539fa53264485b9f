"""The page in a real browser: what a guard sees."""

from dataclasses import replace

import numpy as np
import pytest

from api.backend import Shadow
from domain.cameras import Camera
from domain.faults import Evidence
from domain.messages import BatchResult
from domain.shadow import ShadowScope
from lab.bench.page.browser import Browser
from tests.unit.api.conftest import make_app, serve_app
from tests.unit.api.page.conftest import Open
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict, signal_loss_verdict

LOCAL_TIME = """
const how = {day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit'};
return new Date(`${arguments[0]}T00:00:00Z`).toLocaleString('en-GB', how);
"""

pytestmark = pytest.mark.browser

NASTY = '<img src=x onerror="window.hacked=1">'


def names(window: Browser) -> list[str]:
    return window.texts(".card h3")


def card(window: Browser, name: str) -> str:
    """Return the text of a camera's card."""
    script = (
        "return [...document.querySelectorAll('.card')].find(c => c.dataset.name === arguments[0])?.innerText ?? ''"
    )
    return str(window.run(script, name))


def test_shadow_mode_is_said_above_every_view(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.add(Camera("gate", "rtsp://10.0.0.7/1"))
    opened(shadow=Shadow(ShadowScope(everywhere=True)))
    text = "return document.getElementById('shadow').innerText"
    window.wait(lambda: "nobody is notified" in str(window.run(text)), what="the word of shadow mode")
    assert window.run("return document.getElementById('shadow').hidden") is False


def test_cameras_stand_by_site_worst_first_each_with_its_reason_and_number(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    stage.healthy(Camera("n-fine", "rtsp://h/1", site="North"), learning=8)
    unlisted = replace(blur_verdict(), evidence=Evidence("structure_lost", "", 0.9, None, 0.5))
    stage.suspected(Camera("n-odd", "rtsp://h/1", site="North"), unlisted)
    stage.add(Camera("s-silent", "rtsp://h/1", site="South"))
    stage.failing(Camera("s-lost", "rtsp://h/1", site="South"), signal_loss_verdict(), severity="critical")
    stage.failing(Camera("s-soft", "rtsp://h/1", site="South"), blur_verdict(), severity="warning")
    stage.healthy(Camera("s-fine", "rtsp://h/1", site="South"))
    stage.past("s-soft", {"luma_mean": 0.4})
    opened()
    window.wait(lambda: len(names(window)) == 6, what="six cameras")
    assert [text.split("\n")[0] for text in window.texts("section.site h2 button")] == ["South", "North"]
    assert names(window) == ["s-lost", "s-soft", "s-silent", "s-fine", "n-odd", "n-fine"]
    soft = card(window, "s-soft")
    for part in ("Fault", "Out of focus", "Edge width 7.1", "px normal below 4", "25\u202ffps", "Checks: 27 of 27"):
        assert part in soft.replace("\u202fpx", " px"), part
    assert "Checks: 19 of 27, 8 need a baseline" in card(window, "n-fine")
    assert "Suspected" in card(window, "n-odd")
    assert "Structure lost 0.9 normal below 0.5" in card(window, "n-odd")
    assert "Unknown" in card(window, "s-silent")
    assert "last frame not known" in card(window, "s-silent")
    window.wait(
        lambda: window.run("return !!document.querySelector('[data-spark=\"s-soft\"] svg polyline')"), what="a chart"
    )


def test_text_of_others_never_becomes_markup(window: Browser, stage: SampleCameras, opened: Open) -> None:
    nasty = replace(blur_verdict(), reason=NASTY)
    stage.failing(Camera(NASTY, "rtsp://h/1", site=NASTY, group=NASTY), nasty)
    stage.show(NASTY, np.zeros((9, 16, 3), np.uint8))
    opened()
    window.wait(lambda: len(names(window)) == 1, what="the camera")
    assert names(window) == [NASTY]
    assert NASTY in card(window, NASTY)
    window.click(".card h3 a")
    window.wait(lambda: window.texts("#detail-title") == [NASTY], what="the camera's detail")
    window.wait(
        lambda: len(window.texts(".detail .check-row[data-fault]:not([data-fault=''])")) == 29, what="every check"
    )
    assert window.run("return document.querySelectorAll('img[src=x]').length") == 0
    assert window.run("return window.hacked") is None


def test_a_change_arrives_without_reloading(window: Browser, stage: SampleCameras, opened: Open) -> None:
    camera = Camera("gate", "rtsp://h/1", site="North")
    stage.healthy(camera)
    opened()
    window.wait(lambda: "OK" in card(window, "gate"), what="a healthy camera")
    window.run("window.sameDocument = true")
    stage.failing(camera, blur_verdict())
    window.wait(lambda: "Out of focus" in card(window, "gate"), what="the fault")
    window.wait(lambda: window.texts("#incidents-title") == ["Open incidents (1)"], what="the incident")
    assert window.run("return document.title") == "(1) Sightline"
    assert window.texts("#announcer") == ["gate: Fault, out of focus"]
    stage.live.expire()
    window.wait(lambda: "Unknown" in card(window, "gate"), what="that nothing is known any more")
    stage.streams.remove_camera("gate", by="test", at=stage.clock.now())
    window.wait(lambda: names(window) == [], what="that the camera is gone")
    assert window.run("return window.sameDocument") is True


def test_many_tabs_of_one_browser_are_all_live_and_take_one_place(window: Browser, stage: SampleCameras) -> None:
    camera = Camera("gate", "rtsp://h/1")
    stage.healthy(camera)
    app = make_app(stage)
    with serve_app(app) as address, window.tabs(8) as tabs:
        for tab in tabs:
            window.turn_to(tab)
            window.open(address)
            window.wait(lambda: names(window) == ["gate"], what="the camera in one more tab")
            window.wait(lambda: window.texts("#metric option"), what="what this tab asks for besides the stream")
        assert app.state.pages.open == 1

        stage.failing(camera, blur_verdict())
        for tab in tabs:
            window.turn_to(tab)
            window.wait(lambda: "Out of focus" in card(window, "gate"), what="the change in each tab")

        window.open("about:blank")
        window.turn_to(tabs[0])
        window.wait(lambda: window.run("return document.body.dataset.connection") == "live", what="the first tab live")


def test_a_link_of_another_site_leads_to_the_page_and_not_to_the_form(window: Browser, stage: SampleCameras) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    with serve_app(make_app(stage, token="open hunter2 twice")) as address, serve_app(make_app(stage)) as other:
        foreign = other.replace("127.0.0.1", "localhost")
        for path in ("/?token=open+hunter2+twice", "/"):
            window.open(f"{foreign}/healthz")
            window.run("location.assign(arguments[0])", f"{address}{path}")
            window.wait(lambda: names(window) == ["gate"], what=f"the page behind a link to {path}")
            assert "hunter2" not in str(window.run("return location.href + document.cookie"))


def test_a_page_cut_off_from_its_server_does_not_look_healthy(window: Browser, stage: SampleCameras) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    with serve_app(make_app(stage)) as address:
        window.open(address)
        window.wait(lambda: "OK" in card(window, "gate"), what="a healthy camera")
        assert window.texts(".banner:not([hidden])") == []
    window.wait(lambda: window.texts(".banner:not([hidden])"), what="the warning")
    assert "No word from the Sightline server" in window.texts("#banner")[0]
    assert window.texts("#link-text") == ["Connection lost"]
    before = "return getComputedStyle(document.querySelector('.card .word'), '::before').content"
    assert "Not known now, was" in str(window.run(before))
    assert window.run("return getComputedStyle(document.querySelector('main')).filter") == "grayscale(1)"
    window.errors()


def test_while_the_live_state_is_away_a_banner_says_where_all_this_comes_from(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    camera = stage.add(Camera("gate", "rtsp://h/1"))
    stage.scores.add(BatchResult(statuses=(stage.status("gate"),), verdicts=stage.changes(camera)))
    stage.live.away = True
    opened()
    window.wait(lambda: "OK" in card(window, "gate"), what="the camera as the database knows it")
    assert window.texts("#banner")[0].startswith("Live state unavailable, read from the database: Redis cannot be")
    stage.live.away = False
    stage.healthy(camera)
    stage.clock.advance(3)
    window.wait(lambda: window.texts(".banner:not([hidden])") == [], what="that the banner went by itself")


def test_the_picture_of_now_and_every_score_stand_in_the_detail(
    window: Browser, stage: SampleCameras, opened: Open
) -> None:
    stage.healthy(Camera("gate", "rtsp://guard:hunter2@h/1"))
    stage.show("gate", np.full((90, 160, 3), 120, np.uint8))
    stage.past("gate", {"luma_mean": 0.4, "edge_width": 2.0, "noise_sigma": 1.5})
    stage.scores.roll_up(stage.clock.now())
    opened()
    window.wait(lambda: names(window) == ["gate"], what="the camera")
    window.type(".card h3 a", "\ue007")
    window.wait(
        lambda: window.run("return document.querySelector('.detail img')?.naturalWidth") == 160, what="the picture"
    )
    window.wait(lambda: len(window.texts(".chart-figure canvas")) == 1, what="the chart of what was measured")
    assert "rtsp://***@h/1" in window.texts(".detail .more")[0]
    assert window.run("return document.activeElement.id") == "detail-title"
    window.run("history.back()")
    window.wait(lambda: names(window) == ["gate"], what="the wall again")


def test_without_pictures_the_detail_says_why(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    opened(pictures=False)
    window.wait(lambda: names(window) == ["gate"], what="the camera")
    window.click(".card h3 a")
    reason = ["Pictures are switched off (pictures: never)"]
    window.wait(lambda: window.texts(".detail .near figcaption") == reason, what="the reason")
    window.errors()  # the browser reports the 404 itself


def test_an_incident_is_taken_on_by_name(window: Browser, stage: SampleCameras, opened: Open) -> None:
    incident = stage.failing(Camera("gate", "rtsp://h/1"), blur_verdict())
    opened()
    window.wait(lambda: window.texts(".take") == ["Acknowledge"], what="the incident")
    window.click(".take")
    window.type("#acknowledge-by", "Ada")
    window.type("#acknowledge-reason", "cleaning on Monday")
    window.click("#acknowledge-form button[type=submit]")
    window.wait(lambda: "taken by Ada: cleaning on Monday" in "".join(window.texts(".incident")), what="who took it")
    taken = stage.alerts.incident(incident.incident_id)
    assert taken is not None
    assert taken.acknowledged_by == "Ada"


def test_cameras_are_found_by_state_and_by_text(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1", site="North"))
    stage.healthy(Camera("quay", "rtsp://h/1", site="South"))
    stage.failing(Camera("yard", "rtsp://h/1", site="South"), blur_verdict())
    opened()
    window.wait(lambda: len(names(window)) == 3, what="three cameras")
    window.click(".count[data-state=fault]")
    assert names(window) == ["yard"]
    window.click(".count[data-state=fault]")
    window.type("#find", "sou")
    assert names(window) == ["yard", "quay"]


def test_the_page_asks_for_the_token_once(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    opened(token="open hunter2")
    assert window.texts("label") == ["Token"]
    window.type("input[name=token]", "open hunter2")
    window.click("button")
    window.wait(lambda: names(window) == ["gate"], what="the camera behind the token")
    assert "sesame" not in str(window.run("return location.href + document.cookie"))


def test_a_pasted_link_opens_the_same_view_after_the_login(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.healthy(Camera("gate 1", "rtsp://h/1", site="North"))
    stage.show("gate 1", np.full((90, 160, 3), 120, np.uint8))
    stage.failing(Camera("yard", "rtsp://h/1"), blur_verdict())
    opened(token="pasted hunter2 link")
    start = str(window.run("return location.origin"))
    link = f"{start}/cameras/gate%201?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z"
    window.open(link)
    window.wait(lambda: window.texts("label") == ["Token"], what="the form")
    window.type("input[name=token]", "pasted hunter2 link")
    window.click("button")
    window.wait(lambda: window.texts("#detail-title") == ["gate 1"], what="the camera of the link")
    assert window.run("return location.href") == link
    window.wait(lambda: window.texts(".range .ends"), what="the range")
    shown = window.texts(".range .ends")[0]
    assert [window.run(LOCAL_TIME, day) in shown for day in ("2026-01-01", "2026-01-02")] == [True, True]
    window.open(f"{start}/incidents/yard/blur/1")
    window.wait(lambda: window.texts("h1") == ["Out of focus"], what="the incident of the link")
    window.open(f"{start}/?state=fault&find=yard")
    window.wait(lambda: names(window) == ["yard"], what="the wall with its filter")


def test_the_back_button_leads_through_the_views(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.failing(Camera("gate", "rtsp://h/1"), blur_verdict())
    stage.show("gate", np.full((90, 160, 3), 120, np.uint8))
    opened()
    window.wait(lambda: names(window) == ["gate"], what="the wall")
    window.run("window.sameDocument = true")
    window.click(".card h3 a")
    window.wait(lambda: window.texts("#detail-title") == ["gate"], what="the camera")
    assert str(window.run("return location.pathname")) == "/cameras/gate"
    window.click("#nav a[href='/incidents']")
    window.wait(lambda: window.texts("h1") == ["Incidents"], what="the incidents")
    window.run("history.back()")
    window.wait(lambda: window.texts("#detail-title") == ["gate"], what="the camera again")
    window.run("history.back()")
    window.wait(lambda: names(window) == ["gate"], what="the wall again")
    assert window.run("return window.sameDocument") is True


def test_nothing_sticks_out_at_phone_width(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.failing(Camera("a" * 100, "rtsp://h/1", site="b" * 100), blur_verdict())
    with window.phone():
        opened()
        window.wait(lambda: len(names(window)) == 1, what="the camera")
        assert window.run("return document.documentElement.scrollWidth <= innerWidth")


def test_every_control_has_a_name(window: Browser, stage: SampleCameras, opened: Open) -> None:
    stage.failing(Camera("gate", "rtsp://h/1"), blur_verdict())
    opened()
    window.wait(lambda: names(window) == ["gate"], what="the camera")
    nameless = """return [...document.querySelectorAll('button, input, select, dialog[open], svg[role=img]')]
        .filter(e => !(e.textContent || e.getAttribute('aria-label') || [...(e.labels || [])].some(l => l.textContent)))
        .map(e => e.outerHTML)"""
    assert window.run(nameless) == []
