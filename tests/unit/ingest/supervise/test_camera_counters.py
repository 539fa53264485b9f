"""The supervisor's books: every offered frame came through, was dropped, or was lost with its process, and counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.frames import Frame, FrameFormat, FrameRef
from ingest.supervise.camera_counters import CameraCounters

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def frame(sequence: int) -> Frame:
    reference = FrameRef("gate", "one", sequence, None, NOW)
    return Frame(reference, FrameFormat(1, 1, "gray"), (np.zeros((1, 1), np.uint8),))


def status(
    state: ConnectionState = ConnectionState.LIVE, *, frames_offered: int = 0, frames_dropped: int = 0
) -> StreamStatus:
    counters = StreamCounters(frames_offered=frames_offered, frames_dropped=frames_dropped)
    return StreamStatus("gate", "one", 0, NOW, state, counters=counters)


def test_what_the_publisher_refused_is_added_to_what_the_reader_dropped() -> None:
    account = CameraCounters(refused=3)
    sent = account.status_to_send(status(frames_offered=10, frames_dropped=2))
    assert sent.counters.frames_dropped == 5


def test_frames_that_died_with_their_process_are_counted_once() -> None:
    account = CameraCounters()
    for sequence in range(6):
        account.frame(frame(sequence))
    account.status_to_send(status(frames_offered=10, frames_dropped=1))
    account.count_lost()
    account.count_lost()
    told = account.make_lost_status(NOW, "its process ended")
    assert told is not None
    assert told.counters.frames_dropped == 1 + 3
    assert told.counters.frames_offered == 6 + told.counters.frames_dropped
    assert told.state is ConnectionState.LOST


def test_a_new_reader_goes_on_from_the_readers_own_count() -> None:
    account = CameraCounters(refused=3)
    account.status_to_send(status(frames_offered=10, frames_dropped=2))
    assert account.handover().counters.frames_dropped == 2


def test_a_failure_stays_shown_until_pictures_come() -> None:
    account = CameraCounters()
    account.status_to_send(replace(status(ConnectionState.STALLED), reason="no video"))
    assert (account.handover().state, account.handover().reason) == (ConnectionState.STALLED, "no video")
    account.status_to_send(status())
    assert account.handover().state is ConnectionState.CONNECTING


def test_refused_logins_outlive_the_process_once_a_session() -> None:
    account = CameraCounters()
    for minute, session in ((0, "one"), (0, "one"), (1, "two")):
        at = NOW + timedelta(minutes=minute)
        account.status_to_send(replace(status(ConnectionState.REFUSED), session_id=session, received_at=at))
    assert account.handover().refused_at == (NOW, NOW + timedelta(minutes=1))
    account.status_to_send(status())
    assert account.handover().refused_at == ()


def test_time_does_not_run_back_when_a_process_ends() -> None:
    account = CameraCounters()
    account.status_to_send(status())
    told = account.make_lost_status(NOW - timedelta(seconds=5), "its process ended")
    assert told is not None
    assert told.received_at == NOW
