"""The send buffer: in order, bounded, the oldest frame goes first, a status never does."""

from datetime import UTC, datetime

import numpy as np

from domain.cameras import ConnectionState, StreamStatus
from domain.frames import Frame, FrameFormat, FrameRef
from ingest.supervise.ipc import ReaderMessage
from ingest.supervise.send_buffer import SendBuffer

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def frame(stream: str, sequence: int, size: int = 100) -> Frame:
    reference = FrameRef(stream, "session", sequence, None, NOW)
    return Frame(reference, FrameFormat(size, 1, "gray"), (np.zeros((1, size), np.uint8),))


def status(stream: str) -> StreamStatus:
    return StreamStatus(stream, "session", 0, NOW, ConnectionState.LIVE)


def drain(buffer: SendBuffer) -> list[ReaderMessage]:
    return [message for _ in range(len(buffer)) if (message := buffer.get(0.0)) is not None]


def test_messages_leave_in_the_order_they_came() -> None:
    buffer = SendBuffer(1000)
    messages: list[ReaderMessage] = [status("a"), frame("a", 0), frame("b", 0), status("b")]
    for message in messages:
        buffer.put(message)
    assert [id(message) for message in drain(buffer)] == [id(message) for message in messages]
    assert buffer.get(0.0) is None


def test_a_full_buffer_drops_its_oldest_frames_and_counts_them_for_their_stream() -> None:
    buffer = SendBuffer(300)
    for sequence in range(3):
        buffer.put(frame("a", sequence))
    buffer.put(frame("b", 0))
    buffer.put(frame("b", 1))
    left = [message.ref for message in drain(buffer) if isinstance(message, Frame)]
    assert [(ref.stream_id, ref.sequence) for ref in left] == [("a", 2), ("b", 0), ("b", 1)]
    assert (buffer.count_dropped("a"), buffer.count_dropped("b")) == (2, 0)


def test_a_status_is_never_dropped() -> None:
    buffer = SendBuffer(100)
    for sequence in range(50):
        buffer.put(status("a"))
        buffer.put(frame("a", sequence))
    messages = drain(buffer)
    assert sum(isinstance(message, StreamStatus) for message in messages) == 50
    assert buffer.count_dropped("a") == 49


def test_a_frame_larger_than_the_buffer_still_travels() -> None:
    buffer = SendBuffer(10)
    buffer.put(frame("a", 0))
    assert buffer.count_dropped("a") == 0
    assert len(buffer) == 1


def test_room_is_given_back_when_a_frame_leaves() -> None:
    buffer = SendBuffer(100)
    for sequence in range(5):
        buffer.put(frame("a", sequence))
        assert isinstance(buffer.get(0.0), Frame)
    assert buffer.count_dropped("a") == 0
