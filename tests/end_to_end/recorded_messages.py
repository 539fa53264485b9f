"""A recording of messages, as ingest would send them, for tests that judge it more than once."""

from datetime import timedelta

import numpy as np

from domain.cameras import ConnectionState, StreamCounters, StreamStatus
from domain.frames import Frame, FrameFormat, FrameRef
from domain.messages import StreamMessage
from tests.end_to_end.clips import picture
from tests.fakes.ports import START

SECONDS = 60
CAMERAS = ("dock", "gate", "yard")


def record_messages() -> list[StreamMessage]:
    """A minute of three cameras: `gate` turns black after half of it, `dock` is lost, `yard` stays well."""
    messages: list[StreamMessage] = []
    for second in range(SECONDS):
        at = START + timedelta(seconds=second)
        scene = picture(second, 160, 120)
        for name in CAMERAS:
            lost = name == "dock" and second >= SECONDS // 2
            black = name == "gate" and second >= SECONDS // 2
            if not lost:
                ref = FrameRef(name, "s1", second, float(second), at)
                shown = np.zeros_like(scene) if black else scene
                messages.append(Frame(ref, FrameFormat(160, 120, "rgb24"), (shown,), key_frame=True))
            if second % 2 == 0:
                state = ConnectionState.LOST if lost else ConnectionState.LIVE
                counters = StreamCounters(frames_offered=second + 1, fps=1.0, codec="h264", width=160, height=120)
                messages.append(StreamStatus(name, "s1", second, at, state, "cut" if lost else "", at, counters))
    return messages
