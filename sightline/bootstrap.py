"""The composition root: the only place that chooses adapters and knows in which order they start and stop.

Embedded: one process, one queue, one scoring thread, a database file beside it. Parts start downstream first, so that
nothing is sent where nobody listens yet, and stop upstream first, so that what was received is judged and stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from alerts.dispatcher import Dispatcher
from alerts.groups import Grouping
from alerts.heartbeat import Heartbeat
from alerts.notifiers.log import LogNotifier
from alerts.notifiers.webhook import WebhookNotifier
from alerts.policy import Policy
from api.app import create_app
from detectors.registry import METRICS
from detectors.registry import build as build_detectors
from domain.ports import Clock, LiveState, Notifier, StreamConsumer
from ingest.supervisor import IngestSupervisor
from sightline.api_server import ApiServer
from sightline.clock import SystemClock
from sightline.components import Component, Timer
from sightline.figures import figures
from sightline.housekeeping import EVERY_S as HOUSEKEEPING_EVERY_S
from sightline.housekeeping import Housekeeping
from sightline.ingest_part import IngestPart
from sightline.logging_setup import Redactor
from sightline.registration import register
from sightline.scoring_part import ScoringPart
from sightline.settings import EvaluationSettings, Settings
from sightline.stores import Stores, open_stores
from sightline.system import System
from storage.live import MemoryLiveState
from transport.embedded import EmbeddedQueue
from workers.batching import BatchBounds
from workers.device import resolved_device, use_threads
from workers.scoring import PollBounds, ScoringWorker

DISPATCH_EVERY_S = 1.0
HEARTBEAT_CHECK_S = 5.0


@dataclass(frozen=True, slots=True)
class _Wiring:
    """What several parts share."""

    settings: Settings
    stores: Stores
    live: LiveState
    queue: EmbeddedQueue
    clock: Clock
    policy: Policy
    grouping: Grouping | None


def build(
    settings: Settings,
    *,
    policy: Policy | None = None,
    grouping: Grouping | None = None,
    notifiers: Sequence[Notifier] = (),
    clock: Clock | None = None,
    redactor: Redactor | None = None,
) -> System:
    """Return the embedded system of these settings, not yet started; `notifiers` are told besides those configured.

    Raises `ConfigError` for what the operator must change, `StoreUnavailable` where the database is away.
    """
    clock = clock or SystemClock()
    chosen = policy or policy_from(settings.evaluation)
    device = resolved_device(settings.device)
    use_threads(settings.threads)
    told = [*_configured_notifiers(settings, clock), *notifiers]
    stores = open_stores(settings, clock)
    try:
        register(settings.domain_cameras(), stores.streams, clock)
        queue = EmbeddedQueue(max_frames=settings.queue.max_frames, max_bytes=settings.queue.max_bytes)
        live = MemoryLiveState(pictures=settings.pictures == "memory")
        wiring = _Wiring(settings, stores, live, queue, clock, chosen, grouping)
        detectors = build_detectors(settings.detectors)

        def worker(consumer: StreamConsumer) -> ScoringWorker:
            return ScoringWorker(
                consumer=consumer,
                detectors=detectors,
                score_store=stores.scores,
                alert_store=stores.alerts,
                stream_store=stores.streams,
                live=live,
                policy=chosen,
                clock=clock,
                device=device,
                bounds=BatchBounds.suited(device.type, settings.batch.max_frames, settings.batch.max_pixels),
                poll=PollBounds(settings.queue.poll_messages),
                pictures=settings.pictures == "memory",
            )

        return _assembled(wiring, ScoringPart(queue.consumer, worker), told, redactor)
    except BaseException:
        stores.engine.dispose()
        raise


def policy_from(patience: EvaluationSettings) -> Policy:
    """Return production's policy with what the operator changed."""
    return replace(Policy(), **patience.model_dump(exclude_none=True))


def _assembled(
    wiring: _Wiring, scoring: ScoringPart, notifiers: Sequence[Notifier], redactor: Redactor | None
) -> System:
    stores, clock = wiring.stores, wiring.clock
    parts: list[Component] = []

    def health() -> Mapping[str, str]:
        return {part.name: part.health() for part in parts}

    server = _api(wiring, health, scoring) if wiring.settings.api.enabled else None
    dispatcher = Dispatcher(stores.alerts, stores.streams, notifiers, clock, grouping=wiring.grouping)
    if server is not None:
        parts.append(server)
    parts.append(Timer("housekeeping", HOUSEKEEPING_EVERY_S, Housekeeping(stores.scores, clock).run_once))
    parts.append(Timer("dispatcher", DISPATCH_EVERY_S, dispatcher.run_once))
    parts.append(scoring)
    supervisor = IngestSupervisor(stores.streams.cameras(), wiring.queue.publisher(), clock)
    parts.append(IngestPart(supervisor, stores.streams, stores.streams.revision(), redactor))
    parts.extend(_heartbeat(wiring.settings, clock, health))

    def close() -> None:
        dispatcher.close()
        stores.engine.dispose()

    return System(
        components=parts,
        stream_store=stores.streams,
        score_store=stores.scores,
        alert_store=stores.alerts,
        live=wiring.live,
        address=lambda: server.address if server is not None else "",
        close=close,
    )


def _api(wiring: _Wiring, health: Callable[[], Mapping[str, str]], scoring: ScoringPart) -> ApiServer:
    settings, stores = wiring.settings, wiring.stores
    app = create_app(
        stores.streams,
        stores.scores,
        stores.alerts,
        wiring.live,
        metrics=METRICS,
        pictures=settings.pictures == "memory",
        token=settings.api.token or None,
        clock=wiring.clock,
        health_of_parts=health,
        figures=lambda: figures(scoring, wiring.queue.waiting()),
        allowed_hosts=settings.api.allowed_hosts,
    )
    return ApiServer(app, settings.api.host, settings.api.port)


def _configured_notifiers(settings: Settings, clock: Clock) -> list[Notifier]:
    configured: list[Notifier] = [LogNotifier()] if settings.notifiers.log else []
    for index, hook in enumerate(settings.notifiers.webhooks):
        where = f"notifiers.webhooks[{index}].url"
        configured.append(
            WebhookNotifier(
                hook.url, clock=clock, secret=hook.secret, name=hook.name, where=where, timeout_s=hook.timeout_s
            )
        )
    return configured


def _heartbeat(settings: Settings, clock: Clock, health: Callable[[], Mapping[str, str]]) -> list[Component]:
    if not settings.heartbeat.url:
        return []
    heartbeat = Heartbeat(settings.heartbeat.url, clock=clock, every_s=settings.heartbeat.every_s)

    def beat_while_well() -> None:
        if not any(health().values()):
            heartbeat.run_once()

    return [Timer("heartbeat", HEARTBEAT_CHECK_S, beat_while_well)]
