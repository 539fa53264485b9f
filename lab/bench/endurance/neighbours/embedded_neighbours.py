"""`sightline run` beside hostile neighbours: eight cameras of a real RTSP server and one of each hostile kind."""

import json
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.errors import ConfigError
from lab.bench.endurance import stepped_clock
from lab.bench.endurance.neighbours.hostile_watch import WatchedProduct, WatchPlan, plan_watch, watch
from lab.bench.endurance.neighbours.promises import check_promises, check_speed_promises, figures
from lab.bench.endurance.page_visitor import PageVisitor
from lab.bench.endurance.sightline_process import SIGHTLINE, SightlineProcess
from lab.bench.endurance.stepped_clock import SteppedWall
from lab.bench.endurance.stored_results import open_sqlite_reader
from lab.bench.soak import serve_cameras
from lab.services.server_process import reserve_port, write_private
from simulation.cameras import served_cameras
from simulation.cameras.hostile_cameras import StressCamera, serve_hostile_cameras
from simulation.films.film import FPS, Film, Take, write_film
from simulation.films.scenes import HEIGHT, SCENES, WIDTH

FILM_S = 20.0
RAISE_S = 10.0
"""Short, so that a watch of minutes tells what production tells after longer."""


def run(
    *, minutes: float = 30.0, cameras: int = 8, course: WatchPlan | None = None, record: Path | None = None
) -> dict[str, Any]:
    """Return the figures of one run, `broken` naming every promise not kept.

    `of_speed` are those of them that a machine busy with other work breaks too.
    With `record`, a line of JSON a minute is appended there. Raises `ConfigError` without an RTSP server or
    libfaketime.
    """
    require_tools()
    course = course or plan_watch(minutes * 60)
    healthy = [f"camera-{number:02d}" for number in range(1, cameras + 1)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-neighbours-")))
        server = stack.enter_context(serve_cameras(healthy, folder))
        around = stack.enter_context(serve_hostile_cameras(neighbour_film(folder)))
        clock = SteppedWall(folder)
        port, token = reserve_port(), secrets.token_urlsafe(24)
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
        program = SightlineProcess("run", (*SIGHTLINE, "run", str(settings)), folder / "run.log", clock.environment)
        stack.callback(program.kill)
        program.start()
        subject = WatchedProduct(
            lambda: [program], open_sqlite_reader(database), PageVisitor("127.0.0.1", port, token), clock
        )
        seen = watch(subject, course, healthy, record)
    harmless = [each.name for each in around.cameras if each.harmless]
    return {
        "broken": check_promises(seen, course, healthy, harmless, around.witness),
        "of_speed": check_speed_promises(seen, healthy, harmless),
        "streams": f"{WIDTH}x{HEIGHT} {FPS} fps H.264 over RTSP/TCP, one frame a second judged",
        **figures(seen, course, healthy, [each.name for each in around.cameras], around.witness),
    }


def require_tools() -> None:
    """Raise `ConfigError` where the RTSP server or libfaketime is missing."""
    for reason in (served_cameras.explain_missing_server(), stepped_clock.available()):
        if reason is not None:
            raise ConfigError(reason)


def neighbour_film(folder: Path) -> Path:
    """Film what the scripted cameras send."""
    scene = next(iter(SCENES.values()))
    return write_film(
        Film(scene, (Take(FILM_S),), datetime(2026, 11, 21, 9, 0, tzinfo=UTC), seed=99), folder / "film.mp4"
    )


def camera_settings(urls: Mapping[str, str], neighbours: Sequence[StressCamera]) -> list[dict[str, str]]:
    """Return the settings of all cameras; each neighbour has a site of its own, so that nothing groups them."""
    healthy = [{"name": name, "url": url, "site": "healthy"} for name, url in urls.items()]
    return healthy + [{"name": each.name, "url": each.url, "site": each.name} for each in neighbours]
