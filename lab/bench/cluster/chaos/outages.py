"""What happens to a cluster: a worker killed at a point of its batch, or a service killed and started again."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Engine, text

from domain.errors import StoreUnavailable
from domain.ports import LiveState
from lab.bench.cluster.camera_feed import CameraFeed
from lab.bench.cluster.environment import ClusterServices
from lab.bench.cluster.worker_pool import WorkerPool
from storage.sql.database.engine import read_transaction

RECOVER_S = 120.0
"""Longer than this is not recovering."""
_LOOK_EVERY_S = 0.1


class OutageKind(StrEnum):
    """The first four are a worker killed when its batch was …; the others a service restarted."""

    POLLED = "polled"
    SCORED = "scored"
    STORED = "stored"
    COMMITTED = "committed"
    BROKER = "broker"
    POSTGRES = "postgres"
    REDIS = "redis"


SERVICES = frozenset({OutageKind.BROKER, OutageKind.POSTGRES, OutageKind.REDIS})


@dataclass(frozen=True, slots=True)
class Outage:
    """One event: `pause_s` after the one before, to `worker` (of those by number), or a service away for `away_s`."""

    kind: OutageKind
    pause_s: float
    worker: int
    away_s: float


@dataclass(frozen=True, slots=True)
class OutageResult:
    """An event and its end, seconds since the kill: the process or service was back, and all cameras judged again.

    `recovered_s` is None where that did not come within `RECOVER_S`.
    """

    kind: OutageKind
    at_s: float
    back_s: float
    recovered_s: float | None


def plan_outages(seed: int, number: int, kinds: Sequence[OutageKind], workers: int) -> tuple[Outage, ...]:
    """Return the events of one round: each kind once, in an order and at moments of that seed."""
    chance = random.Random(f"{seed}/{number}")
    order = chance.sample(list(kinds), len(kinds))
    return tuple(
        Outage(kind, chance.uniform(0.0, 3.0), chance.randrange(workers), chance.uniform(0.0, 2.0)) for kind in order
    )


@dataclass(frozen=True, slots=True)
class OutageTarget:
    """Everything that an event can hit, and what shows that it is over."""

    services: ClusterServices
    workers: WorkerPool
    feed: CameraFeed
    engine: Engine
    live: LiveState

    def await_first_scores(self) -> None:
        """Wait until every camera is judged for the first time. Raises `RuntimeError` where that does not come."""
        began_at = datetime.now(UTC)
        if not _until(lambda: self.feed.streaming_cameras() <= self._cameras_stored_since(began_at), RECOVER_S):
            raise RuntimeError(f"the workers do not judge: {self.workers.log_tail(0)}")

    def apply_outage(self, event: Outage) -> OutageResult:
        """Let it happen and return when all was well again."""
        time.sleep(event.pause_s)
        killed_at, killed_s, at_s = self._strike(event)
        back_s = time.monotonic() - killed_s
        current = self._cameras_shown_since if event.kind is OutageKind.REDIS else self._cameras_stored_since
        recovered = _until(lambda: self.feed.streaming_cameras() <= current(killed_at), RECOVER_S)
        recovered_s = round(time.monotonic() - killed_s, 2) if recovered else None
        return OutageResult(event.kind, round(at_s, 2), round(back_s, 2), recovered_s)

    def _strike(self, event: Outage) -> tuple[datetime, float, float]:
        """Kill, wait, start again; return when it was killed: in UTC, on the monotonic clock and in the feed's time."""
        services = {
            OutageKind.BROKER: self.services.kafka,
            OutageKind.POSTGRES: self.services.postgres,
            OutageKind.REDIS: self.services.redis,
        }
        if event.kind in services:
            service = services[event.kind]
            moment = datetime.now(UTC), time.monotonic(), self.feed.elapsed_s()
            service.kill()
            time.sleep(event.away_s)
            service.start()
            return moment
        self.workers.kill_at(event.worker, event.kind)
        moment = datetime.now(UTC), time.monotonic(), self.feed.elapsed_s()
        self.workers.replace(event.worker)
        return moment

    def _cameras_stored_since(self, since: datetime) -> frozenset[str]:
        """Return the cameras of which a frame received after `since` is stored."""
        query = text("SELECT DISTINCT stream_id FROM frames WHERE received_at > :since")
        try:
            with read_transaction(self.engine) as connection:
                return frozenset(connection.execute(query, {"since": since}).scalars())
        except StoreUnavailable:
            return frozenset()

    def _cameras_shown_since(self, since: datetime) -> frozenset[str]:
        """Return the cameras whose live state is of after `since`."""
        try:
            return frozenset(name for name, snapshot in self.live.all().items() if snapshot.at > since)
        except StoreUnavailable:
            return frozenset()


def _until(seen: Callable[[], bool], patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while not seen():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True
