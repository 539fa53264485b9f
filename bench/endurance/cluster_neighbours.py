"""The cluster beside hostile neighbours, its topic poisoned: the same promises as of one process."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.endurance.neighbours import RAISE_S, camera_settings, neighbour_film, require
from bench.endurance.parts import start_parts
from bench.endurance.poison import Poisoner, poison_topic
from bench.endurance.trial import Course, Subject, course_of, watch
from bench.endurance.verdict import figures, judge, judge_speed
from bench.endurance.wall import SteppedWall
from bench.soak import served
from simulation.film import FPS
from simulation.hostile_cameras import hostile_cameras
from simulation.scenes import HEIGHT, WIDTH


def run(
    *, minutes: float = 30.0, cameras: int = 8, course: Course | None = None, record: Path | None = None
) -> dict[str, Any]:
    """Return the figures of one run, `broken` naming every promise not kept; memory and logs are those of all parts.

    `of_speed` are those of `broken` that a machine busy with other work breaks too.
    With `record`, a line of JSON a minute is appended there. Raises `ConfigError` without an RTSP server or
    libfaketime, `Absent` without a service. The services keep the true time.
    """
    require()
    course = course or course_of(minutes * 60)
    healthy = [f"camera-{number:02d}" for number in range(1, cameras + 1)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-neighbours-")))
        server = stack.enter_context(served(healthy, folder))
        around = stack.enter_context(hostile_cameras(neighbour_film(folder)))
        clock = SteppedWall(folder)
        listed = camera_settings({name: server.url(name) for name in healthy}, around.cameras)
        more = {"evaluation": {"raise_s": RAISE_S}}
        found = stack.enter_context(start_parts(folder, listed, more, clock.environment))
        poisoner = stack.enter_context(poison_topic(Poisoner(found.kafka.address, found.topic, healthy)))
        subject = Subject(lambda: list(found.programs.values()), found.engine, found.visitor, clock)
        seen = watch(subject, course, healthy, record)
    harmless = [each.name for each in around.cameras if each.harmless]
    broken = judge(seen, course, healthy, harmless, around.witness)
    return {
        "broken": [*broken, *([poisoner.failure] if poisoner.failure else [])],
        "of_speed": judge_speed(seen, healthy, harmless),
        "streams": f"{WIDTH}x{HEIGHT} {FPS} fps H.264 over RTSP/TCP, one frame a second judged",
        "poisoned_messages": poisoner.sent,
        **figures(seen, course, healthy, [each.name for each in around.cameras], around.witness),
    }
