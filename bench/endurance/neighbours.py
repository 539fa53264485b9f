"""`sightline run` beside hostile neighbours: eight cameras of a real RTSP server and one of each hostile kind."""

import json
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.endurance import wall
from bench.endurance.program import SIGHTLINE, Program
from bench.endurance.rows import open_sqlite_reader
from bench.endurance.trial import Course, Subject, course_of, watch
from bench.endurance.verdict import figures, judge, judge_speed
from bench.endurance.visits import Visitor
from bench.endurance.wall import SteppedWall
from bench.services.server import standing_port, write_private
from bench.soak import served
from domain.errors import ConfigError
from simulation import serving
from simulation.film import FPS, Film, Take, shoot
from simulation.hostile_cameras import NeighbourCamera, hostile_cameras
from simulation.scenes import HEIGHT, SCENES, WIDTH

FILM_S = 20.0
RAISE_S = 10.0
"""Short, so that a watch of minutes tells what production tells after longer."""


def run(
    *, minutes: float = 30.0, cameras: int = 8, course: Course | None = None, record: Path | None = None
) -> dict[str, Any]:
    """Return the figures of one run, `broken` naming every promise not kept.

    `of_speed` are those of them that a machine busy with other work breaks too.
    With `record`, a line of JSON a minute is appended there. Raises `ConfigError` without an RTSP server or
    libfaketime.
    """
    require()
    course = course or course_of(minutes * 60)
    healthy = [f"camera-{number:02d}" for number in range(1, cameras + 1)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-neighbours-")))
        server = stack.enter_context(served(healthy, folder))
        around = stack.enter_context(hostile_cameras(neighbour_film(folder)))
        clock = SteppedWall(folder)
        port, token = standing_port(), secrets.token_urlsafe(24)
        settings = folder / "sightline.json"
        database = folder / "sightline.db"
        urls = {name: server.url(name) for name in healthy}
        content = {
            "database": f"sqlite:///{database}",
            "api": {"port": port, "token": token},
            "threads": 1,
            "evaluation": {"raise_s": RAISE_S},
            "cameras": camera_settings(urls, around.cameras),
        }
        write_private(settings, json.dumps(content))
        program = Program("run", (*SIGHTLINE, "run", str(settings)), folder / "run.log", clock.environment)
        stack.callback(program.kill)
        program.start()
        subject = Subject(lambda: [program], open_sqlite_reader(database), Visitor("127.0.0.1", port, token), clock)
        seen = watch(subject, course, healthy, record)
    harmless = [each.name for each in around.cameras if each.harmless]
    return {
        "broken": judge(seen, course, healthy, harmless, around.witness),
        "of_speed": judge_speed(seen, healthy, harmless),
        "streams": f"{WIDTH}x{HEIGHT} {FPS} fps H.264 over RTSP/TCP, one frame a second judged",
        **figures(seen, course, healthy, [each.name for each in around.cameras], around.witness),
    }


def require() -> None:
    """Raise `ConfigError` where the RTSP server or libfaketime is missing."""
    for why_not in (serving.available(), wall.available()):
        if why_not is not None:
            raise ConfigError(why_not)


def neighbour_film(folder: Path) -> Path:
    """Film what the scripted cameras send."""
    scene = next(iter(SCENES.values()))
    return shoot(Film(scene, (Take(FILM_S),), datetime(2026, 11, 21, 9, 0, tzinfo=UTC), seed=99), folder / "film.mp4")


def camera_settings(urls: Mapping[str, str], neighbours: Sequence[NeighbourCamera]) -> list[dict[str, str]]:
    """Return the settings of all cameras; each neighbour has a site of its own, so that nothing groups them."""
    healthy = [{"name": name, "url": url, "site": "healthy"} for name, url in urls.items()]
    return healthy + [{"name": each.name, "url": each.url, "site": each.name} for each in neighbours]
