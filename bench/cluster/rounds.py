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

from bench.clocks import WallClock
from bench.cluster.crew import crew
from bench.cluster.events import Event, Happened, Theatre
from bench.cluster.feed import Feed, cameras_apart, feeding
from bench.cluster.ledger import Tables, broken, read
from bench.cluster.script import RAISE_S, Part, begins_s, over_s
from bench.cluster.stage import Stage
from bench.cluster.worker import WorkerSetup
from bench.services.databases import fresh_database
from domain.streams import Camera
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.redis_live import RedisLiveState
from storage.streams import SqlStreamStore
from transport.kafka import KafkaPublisher
from transport.kafka_topics import prepare_topics

PARTITIONS = 8
_DRAIN_S = 90.0
_ROOM_FRAMES = 1024
"""So many wait for a broker that is away, small as they are: a fault that nobody was shown cannot be told."""


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a round, as it is written down."""

    number: int
    events: tuple[Happened, ...]
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
def workplace(
    stage: Stage, cameras: Sequence[str], *, raise_s: float | None = None, room: int = 64
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
        engine = open_engine(database)
        upgrade(engine)
        for name in cameras:
            SqlStreamStore(engine).put_camera(Camera(name, "rtsp://localhost/none"), by="bench", at=datetime.now(UTC))
        engine.dispose()
        prepare_topics(setup.kafka(), WallClock())
        yield setup


def played(
    stage: Stage, number: int, events: Sequence[Event], workers: int, script: Callable[[Sequence[str]], Sequence[Part]]
) -> Round:
    """Play one round and return what came of it."""
    started_s = time.monotonic()
    parts = script(cameras_apart(7, PARTITIONS))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sightline-chaos-")))
        setup = stack.enter_context(
            workplace(stage, [part.camera for part in parts], raise_s=RAISE_S, room=_ROOM_FRAMES)
        )
        team = stack.enter_context(crew(setup, workers, folder))
        engine = open_engine(setup.database)
        stack.callback(engine.dispose)
        live = RedisLiveState(stage.redis.address, prefix=setup.topic)
        stack.callback(live.close)
        publisher = KafkaPublisher(setup.kafka())
        with feeding(publisher, Feed(publisher, parts)) as feed:
            began_at = datetime.now(UTC) - timedelta(seconds=feed.passed_s())
            theatre = Theatre(stage, team, feed, engine, live)
            theatre.joined()
            time.sleep(max(0.0, begins_s(parts) - feed.passed_s()))
            happened = [theatre.happen(event) for event in events]
            time.sleep(max(0.0, over_s(parts) - feed.passed_s()))
        tables = _drained(lambda: read(engine), feed)
        wrong = [*broken(feed.accepted, tables, parts, began_at), *_ill(feed, publisher, happened), *team.ended()]
        wrong += team.stop()
    return Round(
        number=number,
        events=tuple(happened),
        accepted=len(feed.accepted),
        refused=feed.refused,
        stored=len(tables.frames),
        alerts_due=sum(part.fault is not None for part in parts),
        alerts_told=sum(told.firing for told in tables.told),
        seconds=round(time.monotonic() - started_s, 1),
        broken=tuple(wrong),
    )


def _drained(tables: Callable[[], Tables], feed: Feed) -> Tables:
    """Return the tables once every frame taken is in them, or what is there when patience ends."""
    deadline = time.monotonic() + _DRAIN_S
    while True:
        found = tables()
        if feed.accepted <= found.frames.keys() or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _ill(feed: Feed, publisher: KafkaPublisher, happened: Sequence[Happened]) -> list[str]:
    wrong = [f"{each.kind}: not all cameras were judged again" for each in happened if each.recovered_s is None]
    if publisher.lost():
        wrong.append(f"the broker refused {publisher.lost()} messages after they were taken")
    if feed.failure:
        wrong.append(f"the feed failed: {feed.failure}")
    return wrong
