"""Each part of the cluster killed at seeded moments, and each way between two parts harmed: nothing taken is lost."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from lab.bench.endurance.broker_frames import BrokerFrames, follow_topic
from lab.bench.endurance.cluster_processes import PARTITIONS, ClusterProcesses, start_cluster
from lab.bench.endurance.kills.kill_records import LINKS, Kill, Victim
from lab.bench.endurance.neighbours.embedded_neighbours import neighbour_film
from lab.bench.endurance.sightline_process import SightlineProcess
from lab.bench.endurance.stored_results import FrameKey, find_received, read_frame_keys, read_messages
from lab.bench.endurance.tcp_proxy import ProxyMode, TcpProxy
from lab.services import Service
from lab.services.server_process import reserve_port
from simulation.cameras.hostile_cameras import read_access_units, serve_healthy_camera
from storage.sql.schema import tables

CAMERAS = ("camera-01", "camera-02", "camera-03", "camera-04")
DEAD = "dead-end"
RECOVER_S = 150.0
RAISE_S = 10.0
LEASE_S = 6.0
"""Short, so that an ingest process that was killed is soon replaced, and thrice what a renewal takes."""
_LOOK_EVERY_S = 0.2
_PROGRAMS = {Victim.INGEST: ("ingest",), Victim.WORKER: ("work-0", "work-1"), Victim.DISPATCHER: ("dispatch",)}
_PROGRAMS[Victim.SERVE] = ("serve",)


@dataclass(slots=True)
class ClusterKills:
    """The parts, what the broker took, and what shows that all is well."""

    parts: ClusterProcesses
    taken: BrokerFrames

    def join(self) -> None:
        """Wait until every camera is judged. Raises `RuntimeError` where that does not come."""
        began_at = datetime.now(UTC)
        if not _until(lambda: self._is_judged_since(began_at), RECOVER_S):
            said = {name: program.tail(300) for name, program in self.parts.programs.items()}
            raise RuntimeError(f"the cameras are not judged: {said}")

    def kill(self, number: int, seed: int, victim: Victim) -> Kill:
        """Let it happen at a moment of that seed and return what came of it, all being well again."""
        chance = random.Random(f"{seed}/{number}/{victim}")
        time.sleep(chance.uniform(0.0, 2.0))
        stored, taken = read_frame_keys(self.parts.engine), self.taken.now()
        if victim in LINKS:
            detail, since_s, well = self._harm_link(victim, chance)
        else:
            detail, since_s, well = self._strike(victim, chance)
        recovered = _until(lambda: well() and self._is_accounted(taken), RECOVER_S)
        recovered_s = round(time.monotonic() - since_s, 2) if recovered else None
        return self._account(number, victim, detail, recovered_s, stored | Counter(dict.fromkeys(taken, 1)))

    def _strike(self, victim: Victim, chance: random.Random) -> tuple[str, float, Callable[[], bool]]:
        """Kill it and start it again; return what, when (monotonic), and what shows that it is back."""
        services = {
            Victim.BROKER: self.parts.kafka,
            Victim.POSTGRES: self.parts.postgres,
            Victim.REDIS: self.parts.redis,
        }
        killed_at, killed_s = datetime.now(UTC), time.monotonic()
        if victim in services:
            away_s = chance.uniform(0.0, 2.0)
            _restart_service(services[victim], away_s)
            shown = victim is Victim.REDIS
            return (
                f"{victim}, away for {away_s:.1f} s",
                killed_s,
                lambda: self._is_judged_since(killed_at) and (not shown or self._is_shown_since(killed_at)),
            )
        name = chance.choice(_PROGRAMS[victim])
        _restart(self.parts.programs[name])
        return name, killed_s, lambda: self._is_judged_since(killed_at) and self.parts.health[name].answers()

    def _harm_link(self, victim: Victim, chance: random.Random) -> tuple[str, float, Callable[[], bool]]:
        (part, service), proxy = chance.choice(sorted(self.parts.links.items(), key=lambda each: each[0]))
        lasts_s = chance.uniform(1.0, 8.0)
        proxy.delay_s = chance.uniform(0.05, 0.5)
        _harm(proxy, ProxyMode(victim.value), lasts_s)
        since, since_s = datetime.now(UTC), time.monotonic()
        asked = [health for name, health in self.parts.health.items() if name.startswith(part)]
        return (
            f"{part} to {service} for {lasts_s:.1f} s",
            since_s,
            lambda: self._is_judged_since(since) and all(each.is_ready() for each in asked),
        )

    def _is_judged_since(self, since: datetime) -> bool:
        rows = find_received(self.parts.engine, [(since, since + timedelta(minutes=10))])
        return {camera for camera, _, _ in rows} >= set(CAMERAS)

    def _is_shown_since(self, since: datetime) -> bool:
        """Return whether the page shows judgements of after `since`."""
        roster = self.parts.visitor.json("/api/v1/cameras") or {"cameras": []}
        shown = {each["name"]: each.get("judged_at") for each in roster["cameras"]}
        return all(shown.get(name) and datetime.fromisoformat(shown[name]) > since for name in CAMERAS)

    def _is_accounted(self, taken: set[FrameKey]) -> bool:
        return not taken - self._find_counted()

    def _find_counted(self) -> set[FrameKey]:
        """Return every frame that is stored, dropped and counted, or put aside; empty while the database is
        unavailable.
        """
        found: set[FrameKey] = set()
        try:
            with self.parts.engine.connect() as connection:
                for table in (tables.frames, tables.dropped_frames, tables.dead_letters):
                    columns = table.c
                    rows = connection.execute(select(columns.stream_id, columns.session_id, columns.sequence)).all()
                    found |= {(row[0], row[1], row[2]) for row in rows}
        except DBAPIError:
            return set()
        return found

    def _account(
        self, number: int, victim: Victim, detail: str, recovered_s: float | None, committed: Counter[FrameKey]
    ) -> Kill:
        rows, counted = read_frame_keys(self.parts.engine), self._find_counted()
        wrong = [*self.parts.failure(), *_find_false_alerts(self.parts)]
        wrong += [self.taken.failure] if self.taken.failure else []
        if recovered_s is None:
            wrong += [f"{name} said: {program.tail(400)}" for name, program in self.parts.programs.items()]
        return Kill(
            number=number,
            victim=victim,
            detail=detail,
            recovered_s=recovered_s,
            lost=sum(key not in counted for key in committed),
            doubled=sum(count - 1 for count in rows.values()),
            wrong=tuple(wrong),
        )

    def finish(self) -> list[str]:
        """End all parts well; return what is wrong with the end: a part, or a frame that nobody counted."""
        wrong = self.parts.stop()
        missing = self.taken.now() - self._find_counted()
        return wrong + ([f"{len(missing)} frames that the broker took were never counted"] if missing else [])


def _find_false_alerts(found: ClusterProcesses) -> list[str]:
    """Return what was announced and should not have been: one alert of the dead end is due at most, nothing else."""
    firing = Counter((each.cameras, each.headline) for each in read_messages(found.engine) if each.kind == "firing")
    wrong = [f"{', '.join(cameras)}: announced as {fault}" for cameras, fault in firing if cameras != (DEAD,)]
    return wrong + [f"{DEAD}: announced {count} times" for (cameras, _), count in firing.items() if count > 1]


def _restart(program: SightlineProcess) -> None:
    program.kill()
    program.start()


def _restart_service(service: Service, away_s: float) -> None:
    service.kill()
    time.sleep(away_s)
    service.start()


def _harm(proxy: TcpProxy, mode: ProxyMode, lasts_s: float) -> None:
    proxy.set_mode(mode)
    try:
        time.sleep(lasts_s)
    finally:
        proxy.set_mode(ProxyMode.PASS)


def _until(seen: Callable[[], bool], patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True


@contextmanager
def prepare_cluster_kills(folder: Path) -> Iterator[ClusterKills]:
    """Set everything up in a folder and wait until it judges; nothing is left behind."""
    with ExitStack() as stack:
        units, rate = read_access_units(neighbour_film(folder))
        urls = {name: stack.enter_context(serve_healthy_camera(units, rate)) for name in CAMERAS}
        urls[DEAD] = f"rtsp://127.0.0.1:{reserve_port()}/nobody"
        cameras = [{"name": name, "url": url, "site": name} for name, url in urls.items()]
        found = stack.enter_context(
            start_cluster(
                folder, cameras, {"evaluation": {"raise_s": RAISE_S}, "ingest": {"lease_s": LEASE_S}}, os.environ
            )
        )
        _until(lambda: _has_topic(found), RECOVER_S)
        taken = stack.enter_context(follow_topic(BrokerFrames(found.kafka.address, found.topic, PARTITIONS)))
        stage = ClusterKills(found, taken)
        stage.join()
        yield stage


def _has_topic(found: ClusterProcesses) -> bool:
    assert found.kafka.folder is not None
    return any((found.kafka.folder / "data").glob(f"{found.topic}-*"))
