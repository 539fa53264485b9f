"""One round of chaos: fresh topic and database, workers, cameras, events, and the accounts at the end."""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.cameras import Camera
from lab.bench.clocks import WallClock
from lab.bench.cluster.camera_feed import CameraFeed, run_feed, spread_cameras
from lab.bench.cluster.chaos.delivery_audit import StoredRows, find_broken_promises, read_rows
from lab.bench.cluster.chaos.outages import Outage, OutageResult, OutageTarget
from lab.bench.cluster.environment import ClusterServices
from lab.bench.cluster.scenario import RAISE_S, CameraScenario, first_fault_s, last_clear_s
from lab.bench.cluster.worker_pool import start_workers
from lab.bench.cluster.worker_setup import WorkerSetup
from lab.services.databases import fresh_database
from storage.live.redis_live_state import RedisLiveState
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.stream_store import SqlStreamStore
from transport.kafka.clients import KafkaPublisher
from transport.kafka.topics import prepare_topics

PARTITIONS = 8
_DRAIN_S = 90.0
_ROOM_FRAMES = 1024
"""So many wait for a broker that is unavailable, small as they are: a fault that was in no picture cannot be found."""


@dataclass(frozen=True, slots=True)
class ChaosRound:
    """What came of a round, as it is written down."""

    number: int
    events: tuple[OutageResult, ...]
    accepted: int
    refused: int
    stored: int
    alerts_due: int
    alerts_told: int
    seconds: float
    broken: tuple[str, ...]

    def figures(self) -> dict[str, Any]:
        return asdict(self)


@contextmanager
def prepare_cluster(
    stage: ClusterServices, cameras: Sequence[str], *, raise_s: float | None = None, room: int = 64
) -> Iterator[WorkerSetup]:
    """Give a topic and a database of their own, with these cameras in it."""
    with fresh_database(stage.postgres.address) as database:
        setup = WorkerSetup(
            broker=stage.kafka.address,
            topic=f"bench.{secrets.token_hex(4)}",
            partitions=PARTITIONS,
            database=database,
            redis=stage.redis.address,
            raise_s=raise_s,
            max_unacknowledged_frames=room,
        )
        engine = open_engine(database, busy_timeout_s=60)
        upgrade_schema(engine)
        for name in cameras:
            SqlStreamStore(engine).put_camera(Camera(name, "rtsp://localhost/none"), by="bench", at=datetime.now(UTC))
        engine.dispose()
        prepare_topics(setup.kafka(), WallClock())
        yield setup


def play_round(
    stage: ClusterServices,
    number: int,
    events: Sequence[Outage],
    workers: int,
    script: Callable[[Sequence[str]], Sequence[CameraScenario]],
) -> ChaosRound:
    """Play one round and return what came of it."""
    started_s = time.monotonic()
    parts = script(spread_cameras(7, PARTITIONS))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-chaos-")))
        setup = stack.enter_context(
            prepare_cluster(stage, [part.camera for part in parts], raise_s=RAISE_S, room=_ROOM_FRAMES)
        )
        team = stack.enter_context(start_workers(setup, workers, folder))
        engine = open_engine(setup.database)
        stack.callback(engine.dispose)
        live = RedisLiveState(stage.redis.address, prefix=setup.topic)
        stack.callback(live.close)
        publisher = KafkaPublisher(setup.kafka())
        with run_feed(publisher, CameraFeed(publisher, parts)) as feed:
            began_at = datetime.now(UTC) - timedelta(seconds=feed.elapsed_s())
            theatre = OutageTarget(stage, team, feed, engine, live)
            theatre.await_first_scores()
            time.sleep(max(0.0, first_fault_s(parts) - feed.elapsed_s()))
            happened = [theatre.apply_outage(event) for event in events]
            time.sleep(max(0.0, last_clear_s(parts) - feed.elapsed_s()))
        tables = _await_drained(lambda: read_rows(engine), feed)
        wrong = [
            *find_broken_promises(feed.accepted, tables, parts, began_at),
            *_find_failures(feed, publisher, happened),
            *team.dead_workers(),
        ]
        wrong += team.stop()
    return ChaosRound(
        number=number,
        events=tuple(happened),
        accepted=len(feed.accepted),
        refused=feed.refused,
        stored=len(tables.frames),
        alerts_due=sum(part.fault is not None for part in parts),
        alerts_told=sum(delivery.firing for delivery in tables.deliveries),
        seconds=round(time.monotonic() - started_s, 1),
        broken=tuple(wrong),
    )


def _await_drained(tables: Callable[[], StoredRows], feed: CameraFeed) -> StoredRows:
    """Return the tables once every frame taken is in them, or what is there when patience ends."""
    deadline = time.monotonic() + _DRAIN_S
    while True:
        found = tables()
        if feed.accepted <= found.frames.keys() or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _find_failures(feed: CameraFeed, publisher: KafkaPublisher, happened: Sequence[OutageResult]) -> list[str]:
    wrong = [f"{each.kind}: not all cameras were judged again" for each in happened if each.recovered_s is None]
    if publisher.count_lost():
        wrong.append(f"the broker refused {publisher.count_lost()} messages after they were taken")
    if feed.failure:
        wrong.append(f"the feed failed: {feed.failure}")
    return wrong
