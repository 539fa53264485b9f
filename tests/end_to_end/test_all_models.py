"""Real clips through the whole pipeline with every model on, embedded and through Kafka: numbers and names are stored.

Models without weights of their own get small random ones: this shows that the pipeline carries them, not what they say.
"""

import os
import secrets
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
import torch

from detectors.models.catalogue import MODELS
from detectors.models.model_status import ModelState
from detectors.registry import DetectorSet
from domain.cameras import Camera
from domain.frames import Frame
from domain.ports import StreamConsumer, StreamPublisher
from domain.records import StoredScores
from evaluation.policy import Policy
from ingest.read.stream_source import Pace, open_source
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.models.configured_models import configure_detectors, list_model_statuses
from storage.live.memory_live_state import MemoryLiveState
from storage.sql.alert_store import SqlAlertStore
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.score_store import SqlScoreStore
from storage.sql.stream_store import SqlStreamStore
from tests import services
from tests.fakes.ports import START, FakeClock
from tests.unit.detectors.models.test_every_model import random_weights
from transport.embedded import EmbeddedQueue
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import KafkaSettings, prepare_topics
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.scoring_worker import PollLimits, ScoringWorker, WorkerStores

pytestmark = [pytest.mark.data, pytest.mark.slow]

CLIPS = ("one-by-one-person", "car-park")
FRAMES = 2
SIDE_BY_SIDE = ("saliency_iqa", "sgdnet", "mtcnn", "faster_rcnn", "detectability", "detection_quality", "sfiqa_xxs")
"""One size of SFIQA: the others give the same numbers."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Every model switched on; those that have no weights get a path to random ones."""
    folder = tmp_path_factory.mktemp("weights")
    plain = {stands.model.name: stands for stands in list_model_statuses(Settings(downloads=str(folder)), load=False)}
    paths = {
        name: str(random_weights(MODELS[name], folder)) for name in SIDE_BY_SIDE if plain[name].state is ModelState.OFF
    }
    models = {name: {"enabled": True, "path": paths.get(name, "")} for name in SIDE_BY_SIDE}
    return parse_settings({"downloads": str(folder), "models": models})


@pytest.fixture(scope="module")
def detectors(settings: Settings) -> DetectorSet:
    return configure_detectors(settings)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    if "SIGHTLINE_DATA" not in os.environ:
        pytest.skip("set SIGHTLINE_DATA to the shared data folder")
    return [frame for clip in CLIPS for frame in _first(clip)]


def _first(clip: str) -> list[Frame]:
    path = Path(os.environ["SIGHTLINE_DATA"]) / "clips" / f"{clip}.mp4"
    source = open_source(Camera(clip, str(path)), FakeClock(), pace=Pace.FULL_SPEED)
    try:
        return list(islice(source.frames(), FRAMES))
    finally:
        source.close()


def judged(
    frames: list[Frame], detectors: DetectorSet, publisher: StreamPublisher, consumer: StreamConsumer, folder: Path
) -> Iterator[StoredScores]:
    """Send the frames through, judge and store them, and give back what is stored of each clip's first frame."""
    engine = open_engine(f"sqlite:///{folder / 'sightline.db'}")
    upgrade_schema(engine)
    streams, scores = SqlStreamStore(engine), SqlScoreStore(engine)
    for clip in CLIPS:
        streams.put_camera(Camera(clip, f"rtsp://10.0.0.7/{clip}"), by="test", at=START)
    worker = ScoringWorker(
        consumer=consumer,
        stores=WorkerStores(streams, scores, SqlAlertStore(engine)),
        live=MemoryLiveState(ttl_s=600),
        scorer=FrameScorer(detectors, torch.device("cpu")),
        policy=Policy.for_clips(),
        clock=FakeClock(),
        poll=PollLimits(timeout_s=0.1),
    )
    for frame in frames:
        assert publisher.publish(frame)
    left, deadline = len(frames), time.monotonic() + 240
    while left:
        assert time.monotonic() < deadline, f"{left} frames were not judged"
        left -= worker.run_once()
    for clip in CLIPS:
        stored = scores.frames(clip, START - timedelta(days=1), START + timedelta(days=1))
        assert len(stored) == FRAMES
        yield stored[0]
    engine.dispose()


def check(stored: StoredScores) -> None:
    """Every model is named with its weights, and each of its numbers is there or missing with a reason."""
    for name in SIDE_BY_SIDE:
        assert stored.models[name].startswith(f"{name}@"), name
        for spec in MODELS[name].metrics:
            value = stored.values.get(spec.key)
            assert stored.missing.get(spec.key) if value is None else spec.low <= value <= spec.high, spec.key


def test_every_model_scores_real_clips_embedded(frames: list[Frame], detectors: DetectorSet, tmp_path: Path) -> None:
    queue = EmbeddedQueue(max_frames=16)
    for stored in judged(frames, detectors, queue.publisher(), queue.consumer(), tmp_path):
        check(stored)


def test_every_model_scores_real_clips_through_kafka(
    frames: list[Frame], detectors: DetectorSet, kafka_broker: services.Service, tmp_path: Path
) -> None:
    name = f"models_{secrets.token_hex(4)}"
    settings = KafkaSettings((kafka_broker.address,), topic=name, group=name, partitions=1)
    prepare_topics(settings, FakeClock())
    publisher, consumer = KafkaPublisher(settings), KafkaConsumer(settings)
    try:
        for stored in judged(frames, detectors, publisher, consumer, tmp_path):
            check(stored)
    finally:
        publisher.close()
        consumer.close()
