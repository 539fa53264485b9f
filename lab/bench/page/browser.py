"""Chromium, driven through WebDriver's plain HTTP: no browser library between the test and the page."""

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-device-scale-factor=1",
)


def explain_missing_browser() -> str:
    """Return what has to be installed before a browser can be driven, or ""."""
    if _chromium() and shutil.which("chromedriver"):
        return ""
    return "needs Chromium and its driver: apt-get install --no-install-recommends chromium chromium-driver"


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One window."""

    def __init__(self, session: httpx.Client) -> None:
        self._session = session

    def _post(self, path: str, **body: Any) -> Any:
        answer = self._session.post(path, json=body).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(f"{path}: {answer['message']}")
        return answer

    def open(self, url: str) -> None:
        self._post("/url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self._post("/execute/sync", script=script, args=list(arguments))

    def run_async(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page and return what it hands to its last argument, a function."""
        return self._post("/execute/async", script=script, args=list(arguments))

    def command(self, name: str, **parameters: Any) -> Any:
        """Send a command of Chromium's DevTools protocol and return its answer."""
        return self._post("/goog/cdp/execute", cmd=name, params=parameters)

    def texts(self, selector: str) -> list[str]:
        """Return the visible text of each element that `selector` finds, in the order of the page."""
        return list(self.run("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector))

    def click(self, selector: str) -> None:
        """Click it; once more where the page, which is told news every second, replaced it in between."""
        for replaced in (True, False):
            found = self._post("/element", using="css selector", value=selector)
            try:
                self._post(f"/element/{found[_ELEMENT]}/click")
            except AssertionError as error:
                if not replaced or "stale element" not in str(error):
                    raise
            else:
                return

    def type(self, selector: str, text: str) -> None:
        found = self._post("/element", using="css selector", value=selector)
        self._post(f"/element/{found[_ELEMENT]}/value", text=text)

    def press(self, key: str) -> None:
        """Press and let go of one key, wherever the focus is."""
        self.press_each(key)

    def press_each(self, keys: str) -> None:
        """Press one key after the other, wherever the focus is."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("/actions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    def answer_prompt(self, *, accept: bool) -> str:
        """Answer the question that the browser asks in a window of its own; return its text."""
        deadline = time.monotonic() + 60
        while (
            isinstance((said := self._session.get("/alert/text").json()["value"]), dict) and time.monotonic() < deadline
        ):
            time.sleep(0.05)
        self._post("/alert/accept" if accept else "/alert/dismiss")
        return str(said)

    def forget_cookies(self) -> None:
        self.command("Network.clearBrowserCookies")

    @contextmanager
    def phone(self, width: int = 390, height: int = 844) -> Iterator[None]:
        """Show the page as a phone does, by default one of 390 x 844."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self.command("Emulation.setDeviceMetricsOverride", **metrics)
        yield
        self.command("Emulation.clearDeviceMetricsOverride")

    @contextmanager
    def tabs(self, count: int) -> Iterator[list[str]]:
        """Open `count` further tabs beside this one, and close them in the end; `turn_to` goes to one."""
        first = str(self._session.get("/window").json()["value"])
        opened = [str(self._post("/window/new", type="tab")["handle"]) for _ in range(count)]
        try:
            yield opened
        finally:
            for tab in opened:
                self.turn_to(tab)
                self._session.delete("/window")
            self.turn_to(first)

    def turn_to(self, tab: str) -> None:
        self._post("/window", handle=tab)

    def resize(self, width: int, height: int) -> None:
        self._post("/window/rect", width=width, height=height)

    def dark(self, on: bool) -> None:
        features = [{"name": "prefers-color-scheme", "value": "dark" if on else "light"}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def allow_downloads(self, folder: Path) -> None:
        """Let the page save files, into `folder`."""
        self.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def errors(self) -> list[str]:
        """Return what the page's console complained about so far; reading empties it."""
        lines = self._post("/se/log", type="browser")
        return [line["message"] for line in lines if line["level"] == "SEVERE"]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._session.get("/screenshot").json()["value"]))

    def wait(self, true: Callable[[], Any], *, what: str, timeout_s: float = 60.0) -> None:
        """Poll until `true()` holds, or fail saying `what` did not come."""
        deadline = time.monotonic() + timeout_s
        while not true():
            if time.monotonic() > deadline:
                raise AssertionError(f"within {timeout_s:.0f} s the page did not show {what}")
            time.sleep(0.05)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Open a window with an empty profile in `profile`; closed with everything it started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(shutil.which("chromedriver")), f"--port={port}", "--log-level=OFF"]
    driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            _await_driver(client)
            options = {"binary": _chromium(), "args": [*_FLAGS, f"--user-data-dir={profile}"]}
            wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            started = client.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()["value"]
            if "sessionId" not in started:
                raise AssertionError(f"Chromium did not start: {started.get('message')}")
            base = f"http://127.0.0.1:{port}/session/{started['sessionId']}"
            try:
                with httpx.Client(base_url=base, timeout=60, trust_env=False) as session:
                    yield Browser(session)
            finally:
                client.delete(f"/session/{started['sessionId']}")
    finally:
        driver.terminate()
        driver.wait(timeout=10)


def _await_driver(client: httpx.Client) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if client.get("/status").json()["value"]["ready"]:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError("chromedriver did not start within 20 s")
