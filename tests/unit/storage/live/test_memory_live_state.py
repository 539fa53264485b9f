"""The live state in memory: one picture a stream, none where the operator wants none."""

from storage.live.memory_live_state import MemoryLiveState
from tests.contract.records import frame


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
