"""Pictures of the page for the documentation, taken while `sightline demo` runs: its cameras are the product's own."""

import io
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from lab.bench.page.browser import Browser, browser, explain_missing_browser

_WIDE, _NARROW = (1400, 1000), (400, 844)
_TALL = 1300
"""So high that a camera's charts are on the picture."""
_PATIENCE_S = 300.0
_SHOWN = "workshop"
"""The demo's camera whose page is shown: it loses its focus."""
_MOST_BYTES = 150_000
_ADDRESS = re.compile(r"The page: (http://\S+?)/?(?:\s|$)")
_FAULTY = """
const cards = [...document.querySelectorAll('.card[data-state=fault]')];
return cards.length >= arguments[0] && cards.some((each) => each.dataset.name === arguments[1]);
"""
PAGES: Mapping[str, tuple[str, str]] = {
    "wall": ("/", ".card"),
    "table": ("/?view=table", ".wall-table tr[data-name]"),
    "grid": ("/?view=grid", ".tile"),
    "camera": (f"/cameras/{_SHOWN}?span=3600", ".chart-figure canvas"),
    "edit": (f"/cameras/{_SHOWN}/edit", "#save-camera"),
    "add": ("/cameras/+add", "#save-camera"),
    "incidents": ("/incidents", ".incident-table tbody tr"),
    "reports": ("/reports", "button.download"),
    "maintenance": ("/maintenance", ".maintenance > p[role=status]:not(:empty)"),
    "audit": ("/audit", ".audit-table tbody tr"),
    "docs": ("/docs", "main details"),
    "missing": ("/cameras/nobody", ".camera-acts p"),
}
"""Every page of which a picture is taken with `every`: its address and what must be there first."""


def run(*, into: Path, every: bool = False) -> Mapping[str, Any]:
    """Write `page-wall.png`, `page-camera.png` and `page-phone.png` into a folder; return the size of each file.

    With `every` each page is taken light and dark, 1400 and 400 pixels wide, as `NAME-light-1400.png`. Raises
    `RuntimeError` where there is no browser or the demo shows no fault in five minutes.
    """
    if reason := explain_missing_browser():
        raise RuntimeError(reason)
    into.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder,
        _demo(Path(folder) / "demo.log") as address,
        browser(Path(folder) / "profile") as window,
    ):
        window.resize(*_WIDE)
        window.open(address)
        window.wait(lambda: window.run(_FAULTY, 4, _SHOWN), what="four faults", timeout_s=_PATIENCE_S)
        written = list(_every_page(window, address, into) if every else _for_readers(window, address, into))
    return {path.name: path.stat().st_size for path in written}


@contextmanager
def _demo(said: Path) -> Iterator[str]:
    """Run the demo and yield the address of its page; what it prints goes into a file."""
    command = [sys.executable, "-P", "-m", "sightline.cli.main", "demo", "--duration", "0"]
    with said.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + _PATIENCE_S
            while (found := _ADDRESS.search(said.read_text(encoding="utf-8"))) is None:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the demo did not say where its page is: {said.read_text()[-500:]}")
                time.sleep(0.5)
            yield found.group(1)
        finally:
            process.terminate()
            process.wait(60)


def _for_readers(window: Browser, address: str, into: Path) -> Iterator[Path]:
    yield _take(window, f"{address}{PAGES['wall'][0]}", PAGES["wall"][1], into / "page-wall.png")
    now = datetime.now(UTC)
    minutes = f"from={now - timedelta(minutes=4):%Y-%m-%dT%H:%M:%SZ}&to={now:%Y-%m-%dT%H:%M:%SZ}"
    window.resize(_WIDE[0], _TALL)
    yield _take(window, f"{address}/cameras/{_SHOWN}?{minutes}", PAGES["camera"][1], into / "page-camera.png")
    window.resize(*_WIDE)
    with window.phone(*_NARROW):
        yield _take(window, f"{address}{PAGES['wall'][0]}", PAGES["wall"][1], into / "page-phone.png")


def _every_page(window: Browser, address: str, into: Path) -> Iterator[Path]:
    incident = window.run("return document.querySelector('.incident a.name').getAttribute('href')")
    for name, (path, ready) in {**PAGES, "incident": (str(incident), "#act-comment")}.items():
        for dark in (False, True):
            window.dark(dark)
            look = "dark" if dark else "light"
            yield _take(window, address + path, ready, into / f"{name}-{look}-1400.png")
            with window.phone(*_NARROW):
                yield _take(window, address + path, ready, into / f"{name}-{look}-400.png")
    window.dark(False)


def _take(window: Browser, url: str, ready: str, path: Path) -> Path:
    """Take a picture of a page once it is there, in few colours."""
    window.open(url)
    there = "return !!document.querySelector(arguments[0]) && document.body.dataset.connection === 'live'"
    window.wait(lambda: window.run(there, ready), what=ready, timeout_s=_PATIENCE_S)
    time.sleep(3.0)  # pictures of now and charts arrive
    window.screenshot(path)
    picture = Image.open(io.BytesIO(path.read_bytes())).convert("RGB")
    for colours in (256, 160, 96, 48):
        picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= _MOST_BYTES:
            break
    return path
