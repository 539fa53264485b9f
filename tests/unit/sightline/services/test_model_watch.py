"""Ingest elsewhere learns from the live state which models workers have."""

from ingest.supervise.supervisor import IngestSupervisor
from sightline.services.ingest_service import ModelWatch
from tests.fakes.live_state import FakeLiveState
from tests.fakes.ports import FakeClock
from transport.embedded import EmbeddedQueue


class _Supervisor(IngestSupervisor):
    """Notes what it is kept to, and reads nothing."""

    def __init__(self) -> None:
        super().__init__((), EmbeddedQueue().publisher(), FakeClock())
        self.kept: list[frozenset[str] | None] = []

    def keep_to_models(self, names: frozenset[str] | None) -> None:
        self.kept.append(names)


def test_every_wanted_model_gets_pictures_until_a_worker_says_what_it_has_and_while_nobody_can_be_asked() -> None:
    supervisor, live = _Supervisor(), FakeLiveState()
    watch = ModelWatch(supervisor, live)
    watch.follow()
    live.announce_models(("mtcnn",))
    watch.follow()
    live.away = True
    watch.follow()
    live.away = False
    live.expire()
    watch.follow()
    assert supervisor.kept == [None, {"mtcnn"}, None, None]


def test_one_machine_asks_nobody() -> None:
    supervisor = _Supervisor()
    watch = ModelWatch(supervisor, None)
    watch.start()
    watch.stop(1.0)
    assert supervisor.kept == []
