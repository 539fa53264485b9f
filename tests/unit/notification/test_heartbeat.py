import logging

import httpx
import pytest

from domain.errors import ConfigError
from notification.heartbeat import Heartbeat
from tests.fakes.ports import FakeClock

URL = "https://beat.test/ping/T0K3N"


def test_the_url_is_called_once_a_minute() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(f"{request.method} {request.url}")
        return httpx.Response(200)

    clock = FakeClock()
    heartbeat = Heartbeat(URL, clock=clock, transport=httpx.MockTransport(answer))
    for _ in range(181):
        heartbeat.run_once()
        clock.advance(1)
    assert calls == [f"GET {URL}"] * 4


def test_a_failure_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    status = [200, 500, 500, 500, 200, 200]
    clock = FakeClock()
    transport = httpx.MockTransport(lambda request: httpx.Response(status.pop(0)))
    heartbeat = Heartbeat(URL, clock=clock, transport=transport)
    caplog.set_level(logging.INFO)
    results = []
    for _ in range(6):
        results.append(heartbeat.run_once())
        clock.advance(60)
    assert results == [True, False, False, False, True, True]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "T0K3N" not in caplog.text


def test_only_http_and_https_are_called() -> None:
    with pytest.raises(ConfigError, match=r"heartbeat\.url"):
        Heartbeat("file:///dev/null", clock=FakeClock())
