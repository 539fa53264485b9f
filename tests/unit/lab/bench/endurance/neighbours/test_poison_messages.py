"""Every poisoned message is refused by the codec in words, and none is an error that stops a partition."""

import numpy as np
import pytest

from domain.errors import FrameRejected
from domain.frames import ColorRange, Frame, FrameFormat, FrameRef
from lab.bench.endurance.broker_frames import frame_key
from lab.bench.endurance.neighbours.poison_messages import build_poison
from tests.fakes.ports import START
from transport.codec import decode_message, encode_message

MESSAGES = build_poison("gate")


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_poisoned_message_is_refused_with_its_reason(kind: str) -> None:
    with pytest.raises(FrameRejected, match=r"\w"):
        decode_message(MESSAGES[kind])


def test_the_name_of_a_frame_is_read_from_its_message_and_from_no_other() -> None:
    ref = FrameRef("gate", "s1", 7, 0.0, START)
    planes = tuple(np.full(shape, 128, dtype=np.uint8) for shape in ((4, 4), (2, 2), (2, 2)))
    frame = Frame(ref, FrameFormat(4, 4, "yuv420p", ColorRange.LIMITED), planes, key_frame=True)
    assert frame_key(encode_message(frame)) == ("gate", "s1", 7)
    assert frame_key(MESSAGES["garbage"]) is None
    assert frame_key(MESSAGES["nests"]) is None
    assert frame_key(None) is None
