"""The composition root: the only place that chooses adapters and knows in which order parts start and stop.

`build` puts everything into one process; `build_part` one part of it, where queue and live state are shared. Parts
start downstream first, so that nothing is sent where nobody listens yet, and stop upstream first, so that what was
received is judged and stored.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from alerts.dispatcher import Dispatcher
from alerts.groups import Grouping
from alerts.policy import Policy
from api.app import create_app
from api.clients import networks
from detectors.registry import METRICS
from domain.errors import ConfigError
from domain.ports import Clock, Notifier, StreamConsumer, StreamPublisher
from ingest.supervisor import IngestSupervisor
from ingest.wire import HostSetup
from sightline.api_server import ApiServer
from sightline.chosen_models import chosen_detectors, model_records
from sightline.clock import SteadyClock, StoppableClock
from sightline.components import Component, Timer
from sightline.database_part import DatabasePart
from sightline.figures import figures
from sightline.health_server import HealthServer
from sightline.housekeeping import EVERY_S as HOUSEKEEPING_EVERY_S
from sightline.housekeeping import Housekeeping
from sightline.ingest_part import IngestPart
from sightline.leased_ingest import LeasedIngestPart
from sightline.leasing import HeldCameras
from sightline.logging_setup import Redactor
from sightline.processes import EVERYTHING, Part, Present, Queue, check_alone
from sightline.registration import register
from sightline.scoring_part import DRAIN_S, ScoringPart
from sightline.settings import EvaluationSettings, Settings
from sightline.settings_cluster import QueueSettings
from sightline.stores import Stores, awaited_stores, open_stores
from sightline.system import System
from sightline.telling import configured_notifiers, heartbeat
from storage.database_watch import DatabaseWatch
from storage.holding import held
from storage.leases import SqlCameraLeases
from storage.live import MemoryLiveState
from transport.embedded import EmbeddedQueue
from workers.batching import BatchBounds
from workers.device import resolved_device, use_threads
from workers.scoring import PollBounds, ScoringWorker
from workers.shedding import LagBounds

if TYPE_CHECKING:
    from storage.redis_live import RedisLiveState
    from transport.kafka_topics import KafkaSettings

_log = logging.getLogger(__name__)

DISPATCH_EVERY_S = 1.0
CLOCK_EVERY_S = 1.0
"""The machine's clock is looked at so often, so that a step is seen where nothing else asks for the time."""


@dataclass(frozen=True, slots=True)
class _Wiring:
    """What several parts share."""

    settings: Settings
    stores: Stores
    database: DatabasePart
    present: Present
    queue: Queue
    clock: SteadyClock
    policy: Policy
    grouping: Grouping | None
    redactor: Redactor | None


@dataclass(frozen=True, slots=True)
class _Told:
    """What a process says of itself: each part's trouble or "", what it counted, and what is amiss and not needed."""

    health: Callable[[], Mapping[str, str]]
    figures: Callable[[], Mapping[str, float]]
    notes: Callable[[], Mapping[str, str]]


def build(
    settings: Settings,
    *,
    policy: Policy | None = None,
    grouping: Grouping | None = None,
    notifiers: Sequence[Notifier] = (),
    clock: Clock | None = None,
    redactor: Redactor | None = None,
) -> System:
    """Return everything in one process, not yet started; `notifiers` are told besides those configured.

    `clock` is the wall clock, the machine's by default; its steps are not believed before they have held.
    Raises `ConfigError` for what the operator must change, `StoreUnavailable` where the database is away.
    """
    steady = clock if isinstance(clock, SteadyClock) else SteadyClock(clock)
    resolved_device(settings.device)
    told = [*configured_notifiers(settings, steady), *notifiers]
    stores = open_stores(settings, steady)
    return _built(settings, stores, EVERYTHING, told, clock=steady, policy=policy, grouping=grouping, redactor=redactor)


def build_part(
    settings: Settings, part: Part, stop: threading.Event, *, redactor: Redactor | None = None
) -> System | None:
    """Return one part as a process of its own, not yet started, waiting for an absent database until `stop` is set.

    None when told to stop meanwhile. Raises `ConfigError` for what the operator must change.
    """
    check_alone(settings, part)
    if part is Part.WORK:
        resolved_device(settings.device)
    clock = SteadyClock()
    told = configured_notifiers(settings, clock) if part is Part.DISPATCH else []
    stores = awaited_stores(settings, clock, stop)
    if stores is None:
        return None
    return _built(settings, stores, {part}, told, clock=clock, redactor=redactor)


def policy_from(patience: EvaluationSettings) -> Policy:
    """Return production's policy with what the operator changed."""
    return replace(Policy(), **patience.model_dump(exclude_none=True))


def _built(
    settings: Settings,
    stores: Stores,
    wanted: Collection[Part],
    told: Sequence[Notifier],
    *,
    clock: SteadyClock,
    policy: Policy | None = None,
    grouping: Grouping | None = None,
    redactor: Redactor | None = None,
) -> System:
    database: DatabasePart | None = None
    try:
        database = _database(stores, wanted, clock)
        if Part.DISPATCH in wanted:
            _repair(stores)
        if Part.INGEST in wanted:
            register(settings.domain_cameras(), stores.streams, clock)
        chosen = policy or policy_from(settings.evaluation)
        queue = _queue(settings.queue, clock)
        wiring = _Wiring(settings, stores, database, _present(settings), queue, clock, chosen, grouping, redactor)
        return _assembled(wiring, wanted, told)
    except BaseException:
        stores.engine.dispose()
        if database is not None:
            database.close()
        raise


def _database(stores: Stores, wanted: Collection[Part], clock: Clock) -> DatabasePart:
    """Return the watch over the database, held by this process where it tells: only one may."""
    hold = held(stores.engine, clock.now()) if Part.DISPATCH in wanted else None
    try:
        return DatabasePart(DatabaseWatch(stores.engine), hold)
    except BaseException:
        if hold is not None:
            hold.release()
        raise


def _repair(stores: Stores) -> None:
    repaired = stores.streams.repair_offered()
    if repaired:
        _log.info("%d sessions of a process that was killed had more frames stored than offered; repaired", repaired)


def _queue(settings: QueueSettings, clock: Clock) -> Queue:
    if settings.kind == "kafka":
        return _kafka(settings, clock)
    embedded = EmbeddedQueue(max_frames=settings.max_frames, max_bytes=settings.max_bytes)
    return Queue(lambda _: embedded.publisher(), lambda _: embedded.consumer(), embedded.waiting, shared=False)


def _kafka(settings: QueueSettings, clock: Clock) -> Queue:
    broker = broker_of(settings)
    from transport.kafka import KafkaConsumer, KafkaPublisher  # noqa: PLC0415 - only where it is chosen
    from transport.kafka_topics import prepare_topics  # noqa: PLC0415

    def publisher(stop: threading.Event) -> StreamPublisher | None:
        prepare_topics(broker, StoppableClock(clock, stop), give_up=stop.is_set)
        return None if stop.is_set() else KafkaPublisher(broker)

    def consumer(stop: threading.Event) -> StreamConsumer | None:
        prepare_topics(broker, StoppableClock(clock, stop), give_up=stop.is_set)
        return None if stop.is_set() else KafkaConsumer(broker)

    return Queue(publisher, consumer, waiting=None, shared=True)


def broker_of(settings: QueueSettings) -> "KafkaSettings":
    """Return where the broker of these settings is. Raises `ConfigError` without the extra 'cluster'."""
    with _extra_cluster("queue.kind: kafka"):
        from transport.kafka_topics import (  # noqa: PLC0415 - only where it is chosen
            KafkaSecurity,
            KafkaSettings,
            require_fast_checksums,
        )
    require_fast_checksums()
    names = ("tls", "ca_file", "certificate_file", "key_file", "user", "password", "mechanism")
    return KafkaSettings(
        servers=settings.servers,
        topic=settings.topic,
        group=settings.group,
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
        retention_minutes=settings.retention_minutes,
        max_unacknowledged_frames=settings.max_frames,
        security=KafkaSecurity(**{name: getattr(settings, name) for name in names}),
    )


def _present(settings: Settings) -> Present:
    if settings.live.kind == "memory":
        return Present(MemoryLiveState(pictures=settings.pictures == "memory"), close=lambda: None)
    redis = redis_of(settings)
    return Present(redis, redis.close)


def redis_of(settings: Settings) -> "RedisLiveState":
    """Return the live state on Redis, not yet connected. Raises `ConfigError` without the extra 'cluster'."""
    with _extra_cluster("live.kind: redis"):
        from storage.redis_live import RedisLiveState, RedisSecurity  # noqa: PLC0415 - only where it is chosen
    security = RedisSecurity(**settings.live.model_dump(exclude={"kind", "url"}))
    return RedisLiveState(settings.live.url, security=security, pictures=settings.pictures == "memory")


@contextmanager
def _extra_cluster(wanted: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{wanted} needs packages that are not here ({error.name}): pip install 'sightline[cluster]'"
        ) from error


def _assembled(wiring: _Wiring, wanted: Collection[Part], notifiers: Sequence[Notifier]) -> System:
    settings, stores, clock = wiring.settings, wiring.stores, wiring.clock
    parts: list[Component] = []

    scoring = _scoring(wiring) if Part.WORK in wanted else None
    told = _Told(
        health=lambda: {part.name: part.health() for part in parts},
        figures=lambda: figures(clock, scoring, wiring.queue.waiting),
        notes=lambda: _notes(clock),
    )
    server = _api(wiring, told) if Part.SERVE in wanted and settings.api.enabled else None
    dispatcher = Dispatcher(stores.alerts, stores.streams, notifiers, clock, grouping=wiring.grouping)
    if settings.health.port is not None and server is None:
        parts.append(HealthServer(settings.health.host, settings.health.port, told.health, told.figures, told.notes))
    if server is not None:
        parts.append(server)
    parts += [Timer("clock", CLOCK_EVERY_S, clock.now), wiring.database]
    if Part.DISPATCH in wanted:
        housekeeping = Housekeeping(stores.scores, clock, unsettled=clock.unsettled)
        parts.append(Timer("housekeeping", HOUSEKEEPING_EVERY_S, housekeeping.run_once))
        parts.append(Timer("dispatcher", DISPATCH_EVERY_S, dispatcher.run_once))
    if scoring is not None:
        parts.append(scoring)
    if Part.INGEST in wanted:
        parts.append(_ingest(wiring))
    if Part.DISPATCH in wanted:
        parts.extend(heartbeat(settings, clock, told.health))

    def close() -> None:
        dispatcher.close()
        wiring.present.close()
        stores.engine.dispose()
        wiring.database.close()

    return System(
        components=parts,
        stream_store=stores.streams,
        score_store=stores.scores,
        alert_store=stores.alerts,
        live=wiring.present.live,
        address=lambda: server.address if server is not None else "",
        close=close,
    )


def _notes(clock: SteadyClock) -> Mapping[str, str]:
    trouble = clock.trouble()
    return {"clock": trouble} if trouble else {}


def _scoring(wiring: _Wiring) -> ScoringPart:
    settings, stores = wiring.settings, wiring.stores
    device = resolved_device(settings.device)
    use_threads(settings.threads)
    detectors = chosen_detectors(settings)

    shared = wiring.queue.shared

    def worker(consumer: StreamConsumer) -> ScoringWorker:
        return ScoringWorker(
            consumer=consumer,
            detectors=detectors,
            score_store=stores.scores,
            alert_store=stores.alerts,
            stream_store=stores.streams,
            live=wiring.present.live,
            policy=wiring.policy,
            clock=wiring.clock,
            moved=lambda: wiring.clock.moved,
            device=device,
            bounds=BatchBounds.suited(device.type, settings.batch.max_frames, settings.batch.max_pixels),
            poll=PollBounds(settings.queue.poll_messages),
            pictures=settings.pictures == "memory",
            leases=SqlCameraLeases(stores.engine) if shared else None,
            shedding=LagBounds(settings.queue.max_lag_s, settings.queue.max_lag_s / 4) if shared else None,
        )

    return ScoringPart(wiring.queue.consumer, worker, drain_s=0.0 if shared else DRAIN_S)


def _ingest(wiring: _Wiring) -> Component:
    streams, clock = wiring.stores.streams, wiring.clock
    setup = HostSetup(limits=wiring.settings.ingest.limits())
    if wiring.queue.shared:
        sharing = wiring.settings.ingest
        holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        held = HeldCameras(
            SqlCameraLeases(wiring.stores.engine),
            holder,
            clock,
            lease_s=sharing.lease_s,
            max_cameras=sharing.max_cameras,
        )
        return LeasedIngestPart(wiring.queue.publisher, streams, held, clock, redactor=wiring.redactor, setup=setup)
    publisher = wiring.queue.publisher(threading.Event())
    assert publisher is not None
    supervisor = IngestSupervisor(streams.cameras(), publisher, clock, setup=setup)
    return IngestPart(supervisor, streams, streams.revision(), wiring.redactor)


def _api(wiring: _Wiring, told: _Told) -> ApiServer:
    settings, stores = wiring.settings, wiring.stores
    app = create_app(
        stores.streams,
        stores.scores,
        stores.alerts,
        wiring.present.live,
        metrics=METRICS,
        pictures=settings.pictures == "memory",
        token=settings.api.token.strip() or None,
        clock=wiring.clock,
        health_of_parts=told.health,
        figures=told.figures,
        notes=told.notes,
        allowed_hosts=settings.api.allowed_hosts,
        trusted_proxies=settings.api.trusted_proxies,
        models_known=cache(partial(model_records, settings)),
    )
    return ApiServer(
        app,
        settings.api.host,
        settings.api.port,
        max_connections=settings.api.max_connections,
        trusted_proxies=networks(settings.api.trusted_proxies),
    )
