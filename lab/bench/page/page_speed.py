"""How fast the page is with many live cameras, in a real browser, and what a day of updates leaves behind.

Chromium, the API and the writer share this machine: the figures are those of a laptop that runs everything.
"""

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from lab.bench.page.api_visitors import ask_apart
from lab.bench.page.browser import Browser, browser, explain_missing_browser
from lab.bench.page.simulated_wall import YEAR, SimulatedWall, camera_name, serve_wall
from lab.bench.promises import Promise, compare_promises

_PATIENCE_S = 120.0
_DAY_S = 86_400
_SETTLE_STEPS = 600
"""Updates before the first look at the heap: caches and compiled code fill in them."""
_WATCH_ROWS = """
window.rowsAt = null;
const look = () => {
  if (document.querySelector('.wall-table tr[data-name]')) window.rowsAt = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_WATCH_CAMERA = """
const name = arguments[0];
window.seenAt = null;
const look = () => {
  const row = document.querySelector(`.wall-table tr[data-name="${name}"]`);
  if (row && ['fault', 'suspected'].includes(row.dataset.state)) window.seenAt = Date.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_PAINT = """
const entry = performance.getEntriesByName('first-contentful-paint')[0];
return [entry ? entry.startTime : null, window.rowsAt];
"""
_YEAR = """
const done = arguments[arguments.length - 1], button = document.querySelector('[data-span="31536000"]');
const before = document.querySelector('.chart-figure canvas'), began = performance.now();
button.click();
const look = () => {
  const now = document.querySelector('.chart-figure canvas');
  if (now && now !== before && button.getAttribute('aria-pressed') === 'true') done(performance.now() - began);
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_FEED = """
const done = arguments[arguments.length - 1], [steps, step, changed] = arguments;
window.feed(steps, step, changed).then(done);
"""
_PROMISES = (
    Promise("first paint within 1 s", "first_paint_s.max", 1.0),
    Promise("a fault is seen within 2 s of its snapshot", "fault_visible_s.max", 2.0),
    Promise("fewer than 3,000 nodes", "nodes", 3000),
    Promise("p95 of every API call below 0.1 s at 50 requests/s", "api_s_slowest_p95", 0.1),
    Promise("no API call fails", "api_failed", 1),
    Promise("p95 of a year's chart below 0.5 s", "year_chart_s.p95", 0.5),
    Promise("a day of updates leaves the heap below 1 MB more", "day_heap_growth_mb", 1.0),
    Promise("a day of updates leaves no more than 20 nodes", "day_node_growth", 21),
)
_STAND_IN = Path(__file__).with_name("stand_in_stream.js")


def run(*, cameras: int = 1000, seconds: float = 60.0, turns: int = 20, step_s: int = 10) -> Mapping[str, Any]:
    """Return every figure of the page with `cameras` live cameras.

    The API is asked for `seconds` at 50 requests/s, each interaction is timed `turns` times, and the simulated day
    has an update every `step_s` simulated seconds. Raises `RuntimeError` where there is no browser.
    """
    if reason := explain_missing_browser():
        raise RuntimeError(reason)
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        place = Path(folder)
        with serve_wall(place, cameras) as wall, browser(place / "profile") as window:
            window.resize(1400, 1000)
            found: dict[str, Any] = {"cameras": cameras, "load_before": os.getloadavg()[0]}
            found |= _first_paint(window, wall, turns)
            found |= _fault_visible(window, wall, turns, cameras)
            found |= _year_chart(window, wall, turns)
            found |= _ask_api(wall, seconds)
            found |= {"writer_s_a_round": _spread(wall.writer.took_s)}
            found |= _day_of_updates(window, wall, step_s)
            found |= {"load_after": os.getloadavg()[0]}
    found["api_failed"] = len(found["api_failures"])
    return {**found, "promises": compare_promises(found, _PROMISES)}


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "n": len(values),
        "p50": round(float(np.percentile(values, 50)), 3),
        "p95": round(float(np.percentile(values, 95)), 3),
        "max": round(max(values), 3),
    }


def _first_paint(window: Browser, wall: SimulatedWall, turns: int) -> dict[str, Any]:
    """Open the page again and again, each time in a document of its own."""
    kept = window.command("Page.addScriptToEvaluateOnNewDocument", source=_WATCH_ROWS)
    paints, rows = [], []
    for _ in range(turns):
        window.open("about:blank")
        window.open(wall.address)
        window.wait(lambda: window.run(_PAINT)[1] is not None, what="the cameras", timeout_s=_PATIENCE_S)
        paint, shown = window.run(_PAINT)
        paints.append(paint / 1000)
        rows.append(shown / 1000)
    window.command("Page.removeScriptToEvaluateOnNewDocument", identifier=kept["identifier"])
    nodes = window.run("return document.querySelectorAll('*').length")
    return {"first_paint_s": _spread(paints), "cameras_shown_s": _spread(rows), "nodes": nodes}


def _fault_visible(window: Browser, wall: SimulatedWall, turns: int, cameras: int) -> dict[str, Any]:
    """Let one healthy camera after the other fail, and note when the page says so."""
    took = []
    healthy = [i for i in range(cameras) if i % 25 > 1]
    for turn in range(turns):
        name = camera_name(healthy[(turn * 37) % len(healthy)])
        window.run(_WATCH_CAMERA, name)
        time.sleep(0.37 * (turn % 4))
        at = wall.writer.fail(name)
        window.wait(lambda: window.run("return window.seenAt") is not None, what=name, timeout_s=_PATIENCE_S)
        took.append(window.run("return window.seenAt") / 1000 - at.timestamp())
        wall.writer.mend(name)
    return {"fault_visible_s": _spread(took)}


def _year_chart(window: Browser, wall: SimulatedWall, turns: int) -> dict[str, Any]:
    """Ask for a year on a camera's page and wait for its charts, after an hour was shown."""
    window.open(f"{wall.address}/cameras/{wall.with_history}?span=3600")
    ready = "return !!document.querySelector('[data-span=\"31536000\"]') && document.body.dataset.connection === 'live'"
    window.wait(lambda: window.run(ready), what="the camera's page", timeout_s=_PATIENCE_S)
    pressed = "return document.querySelector('[data-span=\"86400\"]').getAttribute('aria-pressed')"
    took: list[float] = []
    for _ in range(turns):
        # By the document: a pointer misses a button that moves while the page still fills.
        window.run("document.querySelector('[data-span=\"86400\"]').click()")
        window.wait(lambda: window.run(pressed) == "true", what="a day", timeout_s=_PATIENCE_S)
        time.sleep(0.5)
        took.append(window.run_async(_YEAR) / 1000)
    return {"year_chart_s": _spread(took)}


def api_paths(wall: SimulatedWall) -> Mapping[str, str]:
    """Return an address of every endpoint that the page reads, by the endpoint's name."""
    camera = f"/api/v1/cameras/{wall.with_history}"
    incident = f"/api/v1/incidents/{wall.incident_id.replace('/', '%2F')}"
    year = f"since={datetime.now(UTC) - YEAR:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "cameras": "/api/v1/cameras",
        "cameras of a site": "/api/v1/cameras?site=site%2003",
        "camera": camera,
        "latest": f"{camera}/latest",
        "scores": f"{camera}/scores?metric=luma_mean&metric=image_quality&metric=detectability",
        "scores of a year": f"{camera}/scores?metric=luma_mean&{year}&points=600",
        "verdicts": f"{camera}/verdicts",
        "timeline": f"{camera}/timeline",
        "picture": f"{camera}/picture?width=320",
        "settings": f"{camera}/settings",
        "incidents": "/api/v1/incidents?limit=50",
        "incidents of a camera": f"/api/v1/incidents?camera={wall.with_history}&limit=200",
        "incident": incident,
        "incident log": f"{incident}/log",
        "alarm precision": "/api/v1/alarm-precision",
        "proposals": "/api/v1/sensitivity-proposals",
        "camera changes": f"/api/v1/camera-changes?camera={wall.with_history}&limit=20",
        "metrics": "/api/v1/metrics",
        "faults": "/api/v1/faults",
        "models": "/api/v1/models",
        "me": "/api/v1/me",
        "page": "/",
        "script": "/static/app.js",
    }


def _ask_api(wall: SimulatedWall, seconds: float, rate: float = 50.0) -> dict[str, Any]:
    """Ask every endpoint in turn, 50 requests a second whatever the answers take, with a page open beside."""
    found = ask_apart(wall.address, api_paths(wall), seconds, rate)
    everything = [each for values in found.took_s.values() for each in values]
    by_endpoint = {name: _spread(values)["p95"] for name, values in found.took_s.items() if values}
    return {
        "api_requests_a_second": round(len(everything) / max(seconds, found.lasted_s), 1),
        "api_failures": found.failures[:5],
        "api_s": _spread(everything),
        "api_p95_s_by_endpoint": by_endpoint,
        "api_s_slowest_p95": max(by_endpoint.values()),
    }


def _day_of_updates(window: Browser, wall: SimulatedWall, step_s: int) -> dict[str, Any]:
    """Feed a day of simulated updates to the page through a stand-in for its live stream; see what it leaves.

    Each update has every camera's numbers changed, as the live wall's have, and a few states.
    """
    news = _recorded_news(wall)
    kept = window.command("Page.addScriptToEvaluateOnNewDocument", source=_STAND_IN.read_text(encoding="utf-8"))
    window.open(wall.address)
    window.wait(lambda: window.run("return !!window.feed"), what="the stand-in", timeout_s=_PATIENCE_S)
    window.run("window.begin(arguments[0])", news)
    _feed(window, _SETTLE_STEPS, step_s)
    before = _memory(window)
    began = time.monotonic()
    steps = _DAY_S // step_s
    _feed(window, steps, step_s)
    took_s = time.monotonic() - began
    after = _memory(window)
    window.command("Page.removeScriptToEvaluateOnNewDocument", identifier=kept["identifier"])
    return {
        "day_updates": steps,
        "day_took_s": round(took_s, 1),
        "day_before": before,
        "day_after": after,
        "day_heap_growth_mb": round(after["heap_mb"] - before["heap_mb"], 2),
        "day_node_growth": after["document_nodes"] - before["document_nodes"],
    }


def _feed(window: Browser, steps: int, step_s: int) -> None:
    """Feed in pieces: a script of the driver may take half a minute."""
    for first in range(0, steps, 60):
        window.run_async(_FEED, min(60, steps - first), step_s, 1.0)


def _recorded_news(wall: SimulatedWall) -> str:
    """Return the first piece of news that a page gets, as JSON."""
    with httpx.stream("GET", f"{wall.address}/api/v1/live", timeout=30, trust_env=False) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                return line.removeprefix("data: ")
    raise RuntimeError("the live stream gave no news")


def _memory(window: Browser) -> dict[str, float]:
    window.command("HeapProfiler.collectGarbage")
    window.command("HeapProfiler.collectGarbage")
    heap = window.command("Runtime.getHeapUsage")
    counted = window.command("Memory.getDOMCounters")
    return {
        "heap_mb": round(heap["usedSize"] / 1e6, 2),
        "document_nodes": window.run("return document.querySelectorAll('*').length"),
        "nodes_held": counted["nodes"],
        "listeners": counted["jsEventListeners"],
    }
