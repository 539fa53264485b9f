"""`sightline run` killed at seeded moments, its reading processes too, and started again: what was committed stays."""

import json
import random
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from lab.bench.endurance.kills.kill_records import Kill, Victim
from lab.bench.endurance.neighbours.embedded_neighbours import neighbour_film
from lab.bench.endurance.sightline_process import SIGHTLINE, SightlineProcess, find_orphans
from lab.bench.endurance.stored_results import (
    FrameKey,
    count_overdrawn,
    find_received,
    open_sqlite_reader,
    read_frame_keys,
    read_messages,
)
from lab.services.server_process import reserve_port, write_private
from simulation.cameras.hostile_cameras import read_access_units, serve_healthy_camera

CAMERAS = ("camera-01", "camera-02", "camera-03")
DEAD = "dead-end"
"""Its address leads nowhere, so one alert is due of it, once, however often the program dies."""
RECOVER_S = 120.0
ORPHANS_S = 10.0
_LOOK_EVERY_S = 0.1
_EARLY_SHARE = 0.25
"""So many kills come while the program still starts."""


class EmbeddedKills:
    """The program, its cameras and its database, for as many kills as are wanted."""

    def __init__(self, program: SightlineProcess, database: Path) -> None:
        self._program = program
        self._database = database
        self._engine = open_sqlite_reader(database)
        self._left: list[psutil.Process] = []

    def join(self) -> None:
        """Start, and wait until every camera is judged. Raises `RuntimeError` where that does not come."""
        since = datetime.now(UTC)
        self._program.start()
        if not self._is_judged_since(since):
            raise RuntimeError(f"the cameras are not judged: {self._program.tail()}")

    def kill(self, number: int, seed: int) -> Kill:
        """Kill at a moment of that seed, start again, and return what came of it."""
        chance = random.Random(f"{seed}/{number}")
        victim = Victim.READER if chance.random() < 0.2 else Victim.RUN
        early = victim is Victim.RUN and chance.random() < _EARLY_SHARE
        if early:
            # The kill before this one is over: what is killed now is a program that has hardly begun.
            self._strike(Victim.RUN)
            self._program.start()
        time.sleep(chance.uniform(0.1, 3.0) if early else chance.uniform(0.0, 2.0))
        before = read_frame_keys(self._engine)
        killed_at, killed_s = datetime.now(UTC), time.monotonic()
        self._strike(victim)
        if victim is Victim.RUN:
            self._program.start()
        recovered = self._is_judged_since(killed_at)
        recovered_s = round(time.monotonic() - killed_s, 2) if recovered else None
        return self._account(number, victim, recovered_s, before, early=early)

    def _strike(self, victim: Victim) -> None:
        children = self._program.children()
        if victim is Victim.READER and children:
            children[0].kill()
            return
        self._program.kill()
        self._left += children

    def _is_judged_since(self, since: datetime) -> bool:
        deadline = time.monotonic() + RECOVER_S
        while time.monotonic() < deadline:
            if self._database.exists():
                rows = find_received(self._engine, [(since, since + timedelta(minutes=5))])
                if {camera for camera, _, _ in rows} >= set(CAMERAS):
                    return True
            if self._program.failure():
                return False
            time.sleep(_LOOK_EVERY_S)
        return False

    def _account(
        self, number: int, victim: Victim, recovered_s: float | None, before: Counter[FrameKey], *, early: bool
    ) -> Kill:
        after = read_frame_keys(self._engine)
        wrong = [self._program.failure()] if self._program.failure() else []
        left = find_orphans(self._left, ORPHANS_S)
        self._left = []
        if left:
            wrong.append(f"{len(left)} reading processes outlived the program that was killed")
        if (more := count_overdrawn(self._engine, CAMERAS)) > 0:
            wrong.append(f"{more} sessions stored more frames than were offered")
        wrong += _find_false_alerts(self._engine)
        if recovered_s is None:
            wrong.append(f"it said: {self._program.tail(400)}")
        return Kill(
            number=number,
            victim=victim,
            detail="while it started" if early else "while it ran",
            recovered_s=recovered_s,
            lost=sum(key not in after for key in before),
            doubled=sum(count - 1 for count in after.values()),
            wrong=tuple(wrong),
        )

    def finish(self) -> list[str]:
        """End well; return what is wrong with the end or with the database."""
        wrong = self._program.stop()
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        return [each for each in (wrong, "" if answer == "ok" else f"the database is damaged: {answer}") if each]


def _find_false_alerts(engine: Any) -> list[str]:
    """Return what was announced and should not have been: one alert of the dead end is due at most, nothing else."""
    firing = Counter((each.cameras, each.headline) for each in read_messages(engine) if each.kind == "firing")
    wrong = [f"{', '.join(cameras)}: announced as {fault}" for cameras, fault in firing if cameras != (DEAD,)]
    return wrong + [
        f"{DEAD}: announced {count} times instead of once" for (cameras, _), count in firing.items() if count > 1
    ]


@contextmanager
def prepare_embedded_kills(folder: Path) -> Iterator[EmbeddedKills]:
    """Set everything up in a folder and start the program; nothing is left behind."""
    with ExitStack() as stack:
        units, rate = read_access_units(neighbour_film(folder))
        urls = {name: stack.enter_context(serve_healthy_camera(units, rate)) for name in CAMERAS}
        urls[DEAD] = f"rtsp://127.0.0.1:{reserve_port()}/nobody"
        settings, database = folder / "sightline.json", folder / "sightline.db"
        content = {
            "database": f"sqlite:///{database}",
            "api": {"port": reserve_port(), "token": secrets.token_urlsafe(24)},
            "threads": 1,
            # A second of each start less; what is killed here is storing, not judging.
            "models": {"saliency_iqa": False, "detectability": False, "picture_faults": False},
            "evaluation": {"raise_s": 10.0},
            "cameras": [{"name": name, "url": url, "site": name} for name, url in urls.items()],
        }
        write_private(settings, json.dumps(content))
        program = SightlineProcess("run", (*SIGHTLINE, "run", str(settings)), folder / "run.log")
        stack.callback(program.kill)
        stage = EmbeddedKills(program, database)
        stage.join()
        yield stage
