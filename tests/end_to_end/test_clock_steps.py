"""The embedded system while the machine's clock is set: it goes on watching, says so, and deletes nothing."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from evaluation.policy import Policy
from sightline.bootstrap import build_system
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.runtime.clock import SteadyClock
from sightline.runtime.system import System
from tests.contract.conftest import _administer
from tests.end_to_end.clips import models_off, write_clip
from tests.fakes.ports import FakeNotifier

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DAY_S = 86400.0


class Wall:
    """A machine's clock that somebody sets."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead_s)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


BOTH = [("sqlite", 30), ("sqlite", -30), ("postgres", 30)]
"""The way of the step is no matter of the database."""


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if getattr(request, "param", "sqlite") == "sqlite":
        return f"sqlite:///{tmp_path}/s.db"
    url: str = request.getfixturevalue("postgres_url")
    _administer(url, "DROP DATABASE IF EXISTS sightline_clock WITH (FORCE)", "CREATE DATABASE sightline_clock")
    return make_url(url).set(database="sightline_clock").render_as_string(hide_password=False)


def settings(tmp_path: Path, database: str) -> Settings:
    clip = tmp_path / "scene.mp4"
    if not clip.exists():
        write_clip(clip, seconds=60, fps=5)
    camera = {"name": "gate", "url": str(clip), "plan": {"interval_s": 0.25}}
    return parse_settings({"database": database, "api": {"port": 0}, "cameras": [camera], "models": models_off()})


def eventually(condition: Callable[[], bool], timeout_s: float = 180.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def stored(system: System, around: datetime) -> int:
    return len(system.score_store.frames("gate", around - timedelta(hours=1), around + timedelta(hours=1), limit=9999))


def goes_on(system: System, around: datetime) -> bool:
    before = stored(system, around)
    return eventually(lambda: stored(system, around) >= before + 3)


def ready(system: System) -> tuple[int, dict[str, str]]:
    answer = httpx.get(f"{system.address}readyz", timeout=60)
    return answer.status_code, answer.json()["degraded"]


@pytest.mark.parametrize(("database", "days"), BOTH, indirect=["database"])
def test_a_step_that_does_not_last_is_said_and_changes_nothing(tmp_path: Path, database: str, days: int) -> None:
    wall, told = Wall(), FakeNotifier()
    now = wall.now()
    with build_system(settings(tmp_path, database), policy=Policy.for_clips(), notifiers=[told], clock=wall) as system:
        assert goes_on(system, now)
        assert ready(system) == (200, {})

        wall.ahead_s = days * DAY_S
        assert goes_on(system, now)
        assert eventually(lambda: "clock" in ready(system)[1])
        assert ready(system)[0] == 200
        offset = float(metric(system, "sightline_clock_offset_seconds"))
        assert abs(offset - days * DAY_S) < 60
        wall.ahead_s = 0.0
        assert eventually(lambda: ready(system) == (200, {}))
        assert goes_on(system, now)

        assert stored(system, now + timedelta(days=days)) == 0
        assert system.score_store.dead_letters() == []
        assert float(metric(system, "sightline_clock_steps_total")) >= 1
        assert told.sent == []


def metric(system: System, name: str) -> str:
    lines = httpx.get(f"{system.address}metrics", timeout=60).text.splitlines()
    return next(line.split()[-1] for line in lines if line.startswith(f"{name} "))


@pytest.mark.parametrize(("database", "days"), BOTH, indirect=["database"])
def test_a_step_that_lasts_is_followed_there_and_back_and_over_a_restart(
    tmp_path: Path, database: str, days: int
) -> None:
    wall, told = Wall(), FakeNotifier()
    now, then = wall.now(), wall.now() + timedelta(days=days)
    chosen = settings(tmp_path, database)
    clock = SteadyClock(wall, hold_s=2.0)
    with build_system(chosen, policy=Policy.for_clips(), notifiers=[told], clock=clock) as system:
        assert goes_on(system, now)
        wall.ahead_s = days * DAY_S
        assert goes_on(system, then)
        assert eventually(lambda: ready(system) == (200, {}))
        assert goes_on(system, then)
        letters = len(system.score_store.dead_letters())

    # A process that starts by the wrong clock, and one that starts by the right one after it.
    for ahead_s, around in ((days * DAY_S, then), (0.0, now)):
        wall.ahead_s = ahead_s
        with build_system(chosen, policy=Policy.for_clips(), notifiers=[told], clock=wall) as system:
            assert goes_on(system, around)
            assert ready(system) == (200, {})
            assert eventually(lambda: judged_now(system, wall))
            assert len(system.score_store.dead_letters()) == letters
    assert told.sent == []


def judged_now(system: System, wall: Wall) -> bool:
    snapshot = system.live.get("gate")
    return snapshot is not None and abs(snapshot.at - wall.now()) < timedelta(seconds=20) and bool(snapshot.values)


def test_a_machine_that_starts_in_1970_is_put_right_while_it_runs(tmp_path: Path, database: str) -> None:
    wall = Wall(-datetime.now(UTC).timestamp() + 60)
    with build_system(settings(tmp_path, database), policy=Policy.for_clips(), clock=wall) as system:
        assert goes_on(system, datetime(1970, 1, 1, tzinfo=UTC))
        assert "1970" in ready(system)[1]["clock"]

        wall.ahead_s = 0.0

        assert goes_on(system, wall.now())
        assert eventually(lambda: judged_now(system, wall))
        assert ready(system) == (200, {})
