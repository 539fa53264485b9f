"""The live state in memory: bounded for slow readers, and no picture where the operator wants none."""

from datetime import timedelta
from itertools import islice

from domain.messages import StreamSnapshot
from storage.live.memory_live_state import MemoryLiveState
from tests.contract.records import frame
from tests.fakes.ports import START


def test_a_reader_too_slow_loses_the_oldest_and_hears_the_newest() -> None:
    live = MemoryLiveState()
    snapshots = [StreamSnapshot("gate", START + timedelta(seconds=each)) for each in range(1500)]
    with live.subscribe() as heard:
        for snapshot in snapshots:
            live.put(snapshot)
        assert list(islice(heard, 1000)) == snapshots[-1000:]


def test_without_pictures_none_is_kept() -> None:
    live = MemoryLiveState(pictures=False)
    live.put_picture(frame())
    assert live.picture("gate") is None


def test_one_picture_a_stream_is_kept_and_no_more() -> None:
    live = MemoryLiveState()
    for each in range(5):
        live.put_picture(frame("gate", each))
    found = live.picture("gate")
    assert found is not None
    assert found.ref.sequence == 4


def test_a_reader_that_left_is_forgotten() -> None:
    live = MemoryLiveState()
    with live.subscribe() as heard:
        pass
    live.put(StreamSnapshot("gate", START))
    assert next(heard) is None
