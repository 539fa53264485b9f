"""The live state in memory, held to the contract of the real ones."""

from collections.abc import Collection, Mapping

from domain.errors import StoreUnavailable
from domain.frames import Frame
from domain.messages import StreamSnapshot


class FakeLiveState:
    """`LiveState` that forgets only when `expire` is called; while `away` it writes nothing and reading says so."""

    def __init__(self) -> None:
        self.away = False
        self._snapshots: dict[str, StreamSnapshot] = {}
        self._pictures: dict[str, Frame] = {}
        self._wanted: set[str] = set()
        self._models: set[str] | None = None

    def put(self, snapshot: StreamSnapshot) -> None:
        if not self.away:
            self._snapshots[snapshot.stream_id] = snapshot

    def get(self, stream_id: str) -> StreamSnapshot | None:
        return self.all().get(stream_id)

    def all(self) -> Mapping[str, StreamSnapshot]:
        self._answer()
        return dict(self._snapshots)

    def remove(self, stream_id: str) -> None:
        self._snapshots.pop(stream_id, None)
        self._pictures.pop(stream_id, None)

    def expire(self) -> None:
        self._snapshots.clear()
        self._pictures.clear()
        self._wanted.clear()
        self._models = None

    def put_picture(self, frame: Frame) -> None:
        self._pictures[frame.ref.stream_id] = frame

    def picture(self, stream_id: str) -> Frame | None:
        self._answer()
        return self._pictures.get(stream_id)

    def want_picture(self, stream_id: str) -> None:
        if not self.away:
            self._wanted.add(stream_id)

    def wanted_pictures(self) -> frozenset[str]:
        self._answer()
        return frozenset(self._wanted)

    def announce_models(self, names: Collection[str]) -> None:
        if not self.away:
            self._models = (self._models or set()) | set(names)

    def announced_models(self) -> frozenset[str] | None:
        self._answer()
        return None if self._models is None else frozenset(self._models)

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("Redis cannot be reached")
