"""Builds the scoring worker of the settings. The only part of a process that needs PyTorch."""

from domain.ports import LiveState, StreamConsumer
from evaluation.policy import Policy
from sightline.config.settings import Settings
from sightline.models.configured_models import configure_detectors
from sightline.runtime.clock import SteadyClock
from sightline.runtime.stores import Stores
from sightline.services.roles import ChosenTransport
from sightline.services.scoring_service import DRAIN_S, ScoringService
from storage.sql.camera_leases import SqlCameraLeases
from workers.frame_scoring.device import resolve_device, use_threads
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits
from workers.load_shedding import LagLimits
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores


def make_scoring_service(
    settings: Settings, stores: Stores, queue: ChosenTransport, live: LiveState, *, policy: Policy, clock: SteadyClock
) -> ScoringService:
    """Return the service, not yet started. Raises `ConfigError` for a device or a model that cannot be used."""
    device = resolve_device(settings.device)
    use_threads(settings.threads)
    detectors = configure_detectors(settings)

    def make_worker(consumer: StreamConsumer) -> ScoringWorker:
        return ScoringWorker(
            consumer=consumer,
            stores=WorkerStores(
                stores.streams, stores.scores, stores.alerts, SqlCameraLeases(stores.engine) if queue.shared else None
            ),
            live=live,
            scorer=FrameScorer(
                detectors,
                device,
                TensorBatchLimits.for_device(device.type, settings.batch.max_frames, settings.batch.max_pixels),
            ),
            policy=policy,
            clock=clock,
            clock_correction=lambda: clock.total_correction,
            poll=PollLimits(settings.queue.poll_messages),
            pictures=settings.pictures == "memory",
            shedding=LagLimits(settings.queue.max_lag_s, settings.queue.max_lag_s / 4) if queue.shared else None,
        )

    drain_s = 0.0 if queue.shared else DRAIN_S
    return ScoringService(queue.consumer, make_worker, drain_s=drain_s, model_every_s=detectors.every_s)
