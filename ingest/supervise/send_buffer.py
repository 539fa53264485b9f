"""Messages waiting to be sent, in order. When full, the oldest frame is dropped and counted; a status never is."""

import threading
from collections import Counter, deque

from domain.frames import Frame
from ingest.supervise.ipc import ReaderMessage


class SendBuffer:
    """A queue bounded by the bytes of its frames; many threads put, one gets."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._messages: deque[ReaderMessage] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._dropped: Counter[str] = Counter()

    def put(self, message: ReaderMessage) -> None:
        """Append a message; where it is a frame, the oldest ones go until all fit. The newest frame always stays."""
        with self._changed:
            self._messages.append(message)
            if isinstance(message, Frame):
                self._bytes += message.nbytes
                self._make_room(message)
            self._changed.notify()

    def _make_room(self, newest: Frame) -> None:
        while self._bytes > self._max_bytes:
            index = next(i for i, message in enumerate(self._messages) if isinstance(message, Frame))
            oldest = self._messages[index]
            if oldest is newest or not isinstance(oldest, Frame):
                return
            del self._messages[index]
            self._bytes -= oldest.nbytes
            self._dropped[oldest.ref.stream_id] += 1

    def count_dropped(self, stream_id: str) -> int:
        """Return how many frames of a stream were dropped so far."""
        with self._changed:
            return self._dropped[stream_id]

    def get(self, timeout_s: float) -> ReaderMessage | None:
        """Return the oldest message, None when none came in time or the buffer was closed and is empty."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._messages) or self._closed, timeout_s)
            if not self._messages:
                return None
            message = self._messages.popleft()
            if isinstance(message, Frame):
                self._bytes -= message.nbytes
            return message

    def close(self) -> None:
        """Wake the waiting reader; what is buffered can still be read."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._messages)
