"""What is true now, in the memory of this process; what expired is unknown. Nothing is ever written."""

import time
from collections.abc import Callable, Collection, Mapping
from threading import Lock

from domain.frames import Frame
from domain.messages import StreamSnapshot
from domain.ports import ANNOUNCED_S, WANTED_S


class MemoryLiveState:
    """`LiveState` in memory, shared by threads. `seconds` is a clock that never jumps back, in seconds."""

    def __init__(
        self, ttl_s: float = 15.0, *, pictures: bool = True, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._ttl_s = ttl_s
        self._keeps_pictures = pictures
        self._seconds = seconds
        self._lock = Lock()
        self._snapshots: dict[str, tuple[float, StreamSnapshot]] = {}
        self._pictures: dict[str, tuple[float, Frame]] = {}
        self._wanted: dict[str, float] = {}
        self._models: dict[str, float] = {}
        self._announced_s: float | None = None

    def put(self, snapshot: StreamSnapshot) -> None:
        with self._lock:
            self._snapshots[snapshot.stream_id] = (self._seconds(), snapshot)

    def get(self, stream_id: str) -> StreamSnapshot | None:
        return self.all().get(stream_id)

    def all(self) -> Mapping[str, StreamSnapshot]:
        with self._lock:
            oldest = self._seconds() - self._ttl_s
            return {name: snapshot for name, (at, snapshot) in self._snapshots.items() if at > oldest}

    def remove(self, stream_id: str) -> None:
        with self._lock:
            self._snapshots.pop(stream_id, None)
            self._pictures.pop(stream_id, None)

    def put_picture(self, frame: Frame) -> None:
        if self._keeps_pictures:
            with self._lock:
                self._pictures[frame.ref.stream_id] = (self._seconds(), frame)

    def picture(self, stream_id: str) -> Frame | None:
        """Return the newest picture, None when it expired: an old picture shown as now is a lie."""
        with self._lock:
            at, frame = self._pictures.get(stream_id, (0.0, None))
            if frame is not None and at <= self._seconds() - self._ttl_s:
                del self._pictures[stream_id]
                return None
            return frame

    def want_picture(self, stream_id: str) -> None:
        with self._lock:
            self._wanted[stream_id] = self._seconds()

    def wanted_pictures(self) -> frozenset[str]:
        with self._lock:
            oldest = self._seconds() - WANTED_S
            self._wanted = {name: at for name, at in self._wanted.items() if at > oldest}
            return frozenset(self._wanted)

    def announce_models(self, names: Collection[str]) -> None:
        with self._lock:
            self._announced_s = self._seconds()
            self._models |= dict.fromkeys(names, self._announced_s)

    def announced_models(self) -> frozenset[str] | None:
        with self._lock:
            oldest = self._seconds() - ANNOUNCED_S
            if self._announced_s is None or self._announced_s <= oldest:
                return None
            return frozenset(name for name, at in self._models.items() if at > oldest)
