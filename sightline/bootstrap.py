"""The composition root: the only place that chooses adapters and knows in which order parts start and stop.

`build_system` puts everything into one process; `build_role` one part of it, where queue and live state are shared.
Parts start downstream first, so that every message has a receiver, and stop upstream first, so that what was received
is evaluated and stored. PyTorch is imported only where frames are scored.
"""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from api.app import AccessOptions, create_app
from api.backend import OperatorServices, ProcessState, Shadow
from api.security.accounts import Accounts
from api.security.client_address import parse_networks
from detectors.metric_table import read_every_metric
from domain.camera_directory import CameraDirectory
from domain.ports import Clock, Notifier, StreamConsumer, StreamPublisher
from domain.records import ModelRecord
from evaluation.policy import Policy
from ingest.supervise.supervisor import IngestSupervisor
from notification.grouping import GroupingPolicy
from sightline.config.sections import QueueSettings
from sightline.config.settings import EvaluationSettings, Settings
from sightline.models.reader_setup import make_reader_setup
from sightline.runtime.clock import SteadyClock, StoppableClock
from sightline.runtime.components import Component, PeriodicThread
from sightline.runtime.extras import find_missing_extra
from sightline.runtime.logging_setup import Redactor
from sightline.runtime.stores import Stores, open_stores, wait_for_stores
from sightline.runtime.system import System
from sightline.services.camera_events import EVERY_S as CAMERA_EVENTS_EVERY_S
from sightline.services.camera_events import CameraEvents
from sightline.services.camera_tester import ReaderCameraTester
from sightline.services.cluster_connections import make_kafka_settings, make_redis_live_state
from sightline.services.database_service import DatabaseService
from sightline.services.held_leases import HeldLeases
from sightline.services.housekeeping import ROLL_UP_INTERVAL_S as HOUSEKEEPING_EVERY_S
from sightline.services.housekeeping import Housekeeping
from sightline.services.ingest_service import MODELS_EVERY_S, IngestService, register_cameras
from sightline.services.leased_ingest_service import LeasedIngestService
from sightline.services.maintenance_planner import EXTEND_EVERY_S
from sightline.services.notification_parts import Messaging, make_messaging
from sightline.services.notifier_factory import make_heartbeat
from sightline.services.oidc_sign_on import make_sign_on
from sightline.services.process_metrics import collect_process_metrics, collect_receiver_metrics
from sightline.services.report_maker import make_report_maker
from sightline.services.roles import ALL_ROLES, ChosenLiveState, ChosenTransport, Role, check_separate_role
from sightline.services.scheduled_reports import EVERY_S as REPORTS_EVERY_S
from sightline.services.scheduled_reports import build_scheduled_reports
from sightline.services.scoring_service import ScoringService
from sightline.web_server.health_server import HealthServer
from sightline.web_server.http_server import ApiServer
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.camera_leases import SqlCameraLeases
from storage.sql.database.database_lock import acquire_database_lock
from storage.sql.database.database_watch import DatabaseWatch
from transport.embedded import EmbeddedQueue

_log = logging.getLogger(__name__)

DISPATCH_EVERY_S = 1.0
CLOCK_EVERY_S = 1.0
"""How often the machine's clock is read, so that a step is noticed while nothing else asks for the time."""


@dataclass(frozen=True, slots=True)
class _Wiring:
    """What several parts share."""

    settings: Settings
    stores: Stores
    database: DatabaseService
    present: ChosenLiveState
    queue: ChosenTransport
    clock: SteadyClock
    policy: Policy
    grouping: GroupingPolicy | None
    redactor: Redactor | None


def build_system(
    settings: Settings,
    *,
    policy: Policy | None = None,
    grouping: GroupingPolicy | None = None,
    notifiers: Sequence[Notifier] = (),
    clock: Clock | None = None,
    redactor: Redactor | None = None,
) -> System:
    """Return everything in one process, not yet started; `notifiers` come in addition to those configured.

    `clock` is the wall clock, the machine's by default; its steps are not believed before they have held.
    Raises `ConfigError` for what the operator must change, `StoreUnavailable` where the database is unavailable.
    """
    steady = clock if isinstance(clock, SteadyClock) else SteadyClock(clock)
    _check_device(settings)
    messaging = make_messaging(settings, steady, notifiers)
    stores = open_stores(settings, steady)
    return _open_and_assemble(
        settings, stores, ALL_ROLES, messaging, clock=steady, policy=policy, grouping=grouping, redactor=redactor
    )


def build_role(
    settings: Settings, part: Role, stop: threading.Event, *, redactor: Redactor | None = None
) -> System | None:
    """Return one part as a process of its own, not yet started, waiting for an absent database until `stop` is set.

    None when stopped meanwhile. Raises `ConfigError` for what the operator must change.
    """
    check_separate_role(settings, part)
    if part is Role.WORK:
        _check_device(settings)
    clock = SteadyClock()
    messaging = make_messaging(settings, clock, configured=part in (Role.DISPATCH, Role.SERVE))
    stores = wait_for_stores(settings, clock, stop)
    if stores is None:
        return None
    return _open_and_assemble(settings, stores, {part}, messaging, clock=clock, redactor=redactor)


def _check_device(settings: Settings) -> None:
    """Raise `ConfigError` for a device that is not there, before anything is opened."""
    from workers.frame_scoring.device import resolve_device  # noqa: PLC0415 - loads torch

    resolve_device(settings.device)


def _find_models(settings: Settings) -> Sequence[ModelRecord]:
    """Return what is known of every model; nothing where the packages of the models are not installed."""
    try:
        from sightline.models.configured_models import model_records  # noqa: PLC0415 - loads torch
    except ModuleNotFoundError as error:
        if find_missing_extra(error) != "models":
            raise
        return ()
    return model_records(settings)


def make_policy(evaluation: EvaluationSettings) -> Policy:
    """Return production's policy with what the operator changed."""
    return replace(Policy(), metrics=read_every_metric(), **evaluation.model_dump(exclude_none=True))


def _open_and_assemble(
    settings: Settings,
    stores: Stores,
    wanted: Collection[Role],
    messaging: Messaging,
    *,
    clock: SteadyClock,
    policy: Policy | None = None,
    grouping: GroupingPolicy | None = None,
    redactor: Redactor | None = None,
) -> System:
    database: DatabaseService | None = None
    try:
        database = _open_database(stores, wanted, clock)
        if Role.DISPATCH in wanted:
            _repair_offered_frames(stores)
        if Role.INGEST in wanted:
            register_cameras(settings.domain_cameras(), stores.streams, clock)
        chosen = policy or make_policy(settings.evaluation)
        queue = _choose_transport(settings.queue, clock)
        wiring = _Wiring(
            settings, stores, database, _open_live_state(settings), queue, clock, chosen, grouping, redactor
        )
        return _assemble(wiring, wanted, messaging)
    except BaseException:
        stores.engine.dispose()
        if database is not None:
            database.close()
        raise


def _open_database(stores: Stores, wanted: Collection[Role], clock: Clock) -> DatabaseService:
    """Return the watch over the database, locked by this process where it notifies: only one process may."""
    hold = acquire_database_lock(stores.engine, clock.now()) if Role.DISPATCH in wanted else None
    try:
        return DatabaseService(DatabaseWatch(stores.engine), hold)
    except BaseException:
        if hold is not None:
            hold.release()
        raise


def _repair_offered_frames(stores: Stores) -> None:
    repaired = stores.streams.repair_offered()
    if repaired:
        _log.info("%d sessions of a process that was killed had more frames stored than offered; repaired", repaired)


def _choose_transport(settings: QueueSettings, clock: Clock) -> ChosenTransport:
    if settings.kind == "kafka":
        return _kafka_transport(settings, clock)
    embedded = EmbeddedQueue(max_frames=settings.max_frames, max_bytes=settings.max_bytes)
    return ChosenTransport(
        lambda _: embedded.publisher(), lambda _: embedded.consumer(), embedded.count_waiting, shared=False
    )


def _kafka_transport(settings: QueueSettings, clock: Clock) -> ChosenTransport:
    broker = make_kafka_settings(settings)
    from transport.kafka.clients import KafkaConsumer, KafkaPublisher  # noqa: PLC0415 - only where it is chosen
    from transport.kafka.topics import prepare_topics  # noqa: PLC0415

    def publisher(stop: threading.Event) -> StreamPublisher | None:
        prepare_topics(broker, StoppableClock(clock, stop), give_up=stop.is_set)
        return None if stop.is_set() else KafkaPublisher(broker)

    def consumer(stop: threading.Event) -> StreamConsumer | None:
        prepare_topics(broker, StoppableClock(clock, stop), give_up=stop.is_set)
        return None if stop.is_set() else KafkaConsumer(broker)

    return ChosenTransport(publisher, consumer, count_waiting=None, shared=True)


def _open_live_state(settings: Settings) -> ChosenLiveState:
    if settings.live.kind == "memory":
        return ChosenLiveState(MemoryLiveState(pictures=settings.pictures == "memory"), close=lambda: None)
    redis = make_redis_live_state(settings)
    return ChosenLiveState(redis, redis.close)


def _assemble(wiring: _Wiring, wanted: Collection[Role], messaging: Messaging) -> System:
    settings, stores, clock = wiring.settings, wiring.stores, wiring.clock
    parts: list[Component] = []

    scoring = _build_scoring(wiring) if Role.WORK in wanted else None
    process = ProcessState(
        health=lambda: {part.name: part.health() for part in parts},
        metrics=lambda: {
            **collect_process_metrics(clock, scoring, wiring.queue.count_waiting),
            **(collect_receiver_metrics(dispatcher) if Role.DISPATCH in wanted else {}),
        },
        warnings=lambda: {**_clock_notes(clock), **settings.alerts.warnings()},
    )
    server = _build_api(wiring, process, messaging) if Role.SERVE in wanted and settings.api.enabled else None
    dispatcher = messaging.make_dispatcher(stores, wiring.present.live, wiring.grouping)
    if settings.health.port is not None and server is None:
        parts.append(
            HealthServer(settings.health.host, settings.health.port, process.health, process.metrics, process.warnings)
        )
    if server is not None:
        parts.append(server)
    parts += [PeriodicThread("clock", CLOCK_EVERY_S, clock.now), wiring.database]
    if Role.DISPATCH in wanted:
        housekeeping = Housekeeping(stores.scores, clock, deletion_blocked_reason=clock.deletion_blocked_reason)
        parts.append(PeriodicThread("housekeeping", HOUSEKEEPING_EVERY_S, housekeeping.run_once))
        parts.append(PeriodicThread("dispatcher", DISPATCH_EVERY_S, dispatcher.run_once))
        parts += messaging.make_mirrors(stores, wiring.present.live)
        parts.append(
            PeriodicThread("maintenance", EXTEND_EVERY_S, messaging.make_maintenance_planner(stores).extend_schedules)
        )
        parts += _make_camera_events(wiring)
        if settings.reports.schedule:
            maker = make_report_maker(settings, stores.reports, clock)
            reports = build_scheduled_reports(settings, maker, clock, messaging.notifiers)
            parts.append(PeriodicThread("reports", REPORTS_EVERY_S, reports.run_once))
    if scoring is not None:
        parts.append(scoring)
        if wiring.queue.shared:
            announce = partial(wiring.present.live.announce_models, tuple(scoring.model_every_s))
            parts.append(PeriodicThread("models", MODELS_EVERY_S, announce))
    if Role.INGEST in wanted:
        parts.append(_build_ingest(wiring, None if wiring.queue.shared or scoring is None else scoring.model_every_s))
    if Role.DISPATCH in wanted:
        parts.extend(make_heartbeat(settings, clock, process.health))

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


def _make_camera_events(wiring: _Wiring) -> Sequence[Component]:
    """Return what asks cameras for their own image events, where the settings ask for it."""
    alerts, stores = wiring.settings.alerts, wiring.stores
    if not alerts.onvif_events:
        return ()
    events = CameraEvents(stores.streams, stores.alerts, wiring.clock, port_of=alerts.onvif_port_of)
    return (PeriodicThread("camera events", CAMERA_EVENTS_EVERY_S, events.run_once),)


def _clock_notes(clock: SteadyClock) -> Mapping[str, str]:
    return {"clock": reason} if (reason := clock.doubt_reason()) else {}


def _build_scoring(wiring: _Wiring) -> ScoringService:
    from sightline.services.scoring_factory import make_scoring_service  # noqa: PLC0415 - loads torch

    return make_scoring_service(
        wiring.settings, wiring.stores, wiring.queue, wiring.present.live, policy=wiring.policy, clock=wiring.clock
    )


def _build_ingest(wiring: _Wiring, judging: Mapping[str, float] | None) -> Component:
    streams, clock = wiring.stores.streams, wiring.clock
    setup = make_reader_setup(wiring.settings, judging)
    live = wiring.present.live if wiring.settings.pictures == "memory" else None
    if wiring.queue.shared:
        sharing = wiring.settings.ingest
        holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        held = HeldLeases(
            SqlCameraLeases(wiring.stores.engine),
            holder,
            clock,
            lease_s=sharing.lease_s,
            max_cameras=sharing.max_cameras,
        )
        return LeasedIngestService(
            wiring.queue.publisher,
            streams,
            held,
            clock,
            redactor=wiring.redactor,
            setup=setup,
            live=live,
            workers=wiring.present.live,
        )
    publisher = wiring.queue.publisher(threading.Event())
    assert publisher is not None
    directory = CameraDirectory(streams)
    directory.refresh()
    supervisor = IngestSupervisor(tuple(directory.cameras.values()), publisher, clock, setup=setup)
    return IngestService(supervisor, directory, wiring.redactor, live)


def _build_api(wiring: _Wiring, process: ProcessState, messaging: Messaging) -> ApiServer:
    settings, stores = wiring.settings, wiring.stores
    app = create_app(
        stores.streams,
        stores.scores,
        stores.alerts,
        wiring.present.live,
        metrics=read_every_metric(),
        clock=wiring.clock,
        pictures=settings.pictures == "memory",
        access=AccessOptions(
            token=settings.api.token.strip() or None,
            allowed_hosts=settings.api.allowed_hosts,
            trusted_proxies=settings.api.trusted_proxies,
            accounts=Accounts(stores.access, policy=settings.api.sign_in.policy(), now=wiring.clock.now),
            audit=stores.audit,
            sign_on=make_sign_on(settings.api),
        ),
        process=replace(process, models=cache(partial(_find_models, settings))),
        services=OperatorServices(
            reports=make_report_maker(settings, stores.reports, wiring.clock),
            camera_tester=ReaderCameraTester(settings, wiring.clock, wiring.redactor),
            receivers=messaging.trial(),
            quiet_times=messaging.make_maintenance_planner(stores),
            shadow=Shadow(settings.alerts.scope(), stores.shadow),
        ),
    )
    return ApiServer(
        app,
        settings.api.host,
        settings.api.port,
        max_connections=settings.api.max_connections,
        trusted_proxies=parse_networks(settings.api.trusted_proxies),
    )
