"""Messages waiting to be sent, in order. Full means: the oldest frame goes and is counted; a status never does."""

import threading
from collections import deque

from domain.frames import Frame
from domain.units import StreamMessage


class SendBuffer:
    """A queue bounded by the bytes of its frames; many threads put, one gets."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._messages: deque[StreamMessage] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, message: StreamMessage) -> tuple[Frame, ...]:
        """Append a message; return the frames that had to go for it. The newest frame always stays."""
        with self._changed:
            self._messages.append(message)
            if isinstance(message, Frame):
                self._bytes += size_bytes(message)
            dropped = self._make_room()
            self._changed.notify()
        return dropped

    def _make_room(self) -> tuple[Frame, ...]:
        dropped: list[Frame] = []
        while self._bytes > self._max_bytes:
            frames = (message for message in self._messages if isinstance(message, Frame))
            oldest = next(frames)
            if oldest is self._messages[-1]:
                break
            for index, message in enumerate(self._messages):
                if message is oldest:
                    del self._messages[index]
                    break
            self._bytes -= size_bytes(oldest)
            dropped.append(oldest)
        return tuple(dropped)

    def get(self, timeout_s: float) -> StreamMessage | None:
        """Return the oldest message, None when none came in time or the buffer was closed and is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._closed, timeout_s)
            if not self._messages:
                return None
            message = self._messages.popleft()
            if isinstance(message, Frame):
                self._bytes -= size_bytes(message)
            return message

    def close(self) -> None:
        """Wake whoever waits; what is buffered can still be got."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._messages)


def size_bytes(frame: Frame) -> int:
    """Return the bytes of a frame's planes."""
    return sum(plane.nbytes for plane in frame.planes)
