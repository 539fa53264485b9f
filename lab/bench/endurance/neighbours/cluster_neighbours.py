"""The cluster beside hostile neighbours, its topic poisoned: the same promises as of one process."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lab.bench.endurance.cluster_processes import start_cluster
from lab.bench.endurance.neighbours.embedded_neighbours import RAISE_S, camera_settings, neighbour_film, require_tools
from lab.bench.endurance.neighbours.hostile_watch import WatchedProduct, WatchPlan, plan_watch, watch
from lab.bench.endurance.neighbours.poison_messages import Poisoner, poison_topic
from lab.bench.endurance.neighbours.promises import check_promises, check_speed_promises, figures
from lab.bench.endurance.stepped_clock import SteppedWall
from lab.bench.soak import serve_cameras
from simulation.cameras.hostile_cameras import serve_hostile_cameras
from simulation.films.film import FPS
from simulation.films.scenes import HEIGHT, WIDTH


def run(
    *, minutes: float = 30.0, cameras: int = 8, course: WatchPlan | None = None, record: Path | None = None
) -> dict[str, Any]:
    """Return the figures of one run, `broken` naming every promise not kept; memory and logs are those of all parts.

    `of_speed` are those of `broken` that a machine busy with other work breaks too.
    With `record`, a line of JSON a minute is appended there. Raises `ConfigError` without an RTSP server or
    libfaketime, `ServiceMissing` without a service. The services keep the true time.
    """
    require_tools()
    course = course or plan_watch(minutes * 60)
    healthy = [f"camera-{number:02d}" for number in range(1, cameras + 1)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-neighbours-")))
        server = stack.enter_context(serve_cameras(healthy, folder))
        around = stack.enter_context(serve_hostile_cameras(neighbour_film(folder)))
        clock = SteppedWall(folder)
        listed = camera_settings({name: server.url(name) for name in healthy}, around.cameras)
        more = {"evaluation": {"raise_s": RAISE_S}}
        found = stack.enter_context(start_cluster(folder, listed, more, clock.environment))
        poisoner = stack.enter_context(poison_topic(Poisoner(found.kafka.address, found.topic, healthy)))
        subject = WatchedProduct(lambda: list(found.programs.values()), found.engine, found.visitor, clock)
        seen = watch(subject, course, healthy, record)
    harmless = [each.name for each in around.cameras if each.harmless]
    broken = check_promises(seen, course, healthy, harmless, around.witness)
    return {
        "broken": [*broken, *([poisoner.failure] if poisoner.failure else [])],
        "of_speed": check_speed_promises(seen, healthy, harmless),
        "streams": f"{WIDTH}x{HEIGHT} {FPS} fps H.264 over RTSP/TCP, one frame a second judged",
        "poisoned_messages": poisoner.sent,
        **figures(seen, course, healthy, [each.name for each in around.cameras], around.witness),
    }
