from collections.abc import Iterator, Sequence

import pytest
import torch

from domain.cameras import Camera, StreamCounters
from domain.errors import SourceUnavailable
from domain.faults import Fault, VerdictState
from domain.frames import Frame
from evaluation.policy import Policy
from sightline.standalone.clip_evaluation import ClipEvaluator, EvaluatedFrame, RejectedFrame
from tests.unit.workers.builders import broken, detector_set, frame
from workers.frame_scoring.frame_scorer import FrameScorer
from workers.frame_scoring.tensor_batches import TensorBatchLimits


class Played:
    """`FrameSource` over frames made beforehand; breaks off where told."""

    def __init__(self, frames: Sequence[Frame], *, breaks: bool = False) -> None:
        self._frames = frames
        self._breaks = breaks
        self.asked = 0

    def frames(self) -> Iterator[Frame]:
        yield from self._frames
        if self._breaks:
            raise SourceUnavailable("damaged")

    def counters(self) -> StreamCounters:
        self.asked += 1
        return StreamCounters(width=8, height=6, codec="h264")

    def close(self) -> None:
        pass


def judge(*, recorded: bool = True, max_frames: int = 4) -> ClipEvaluator:
    bounds = TensorBatchLimits(max_frames=max_frames)
    scorer = FrameScorer(detector_set(), torch.device("cpu"), bounds)
    return ClipEvaluator(Camera("clip.mp4", "clip.mp4"), scorer, Policy.for_clips(), bounds=bounds, recorded=recorded)


def film(count: int) -> list[Frame]:
    return [frame("clip.mp4", index, level=100 + index % 2) for index in range(count)]


def verdict(judged: EvaluatedFrame, fault: Fault) -> VerdictState:
    return next(verdict.state for verdict in judged.verdicts if verdict.fault is fault)


def test_every_frame_is_judged_once_in_order_with_all_faults() -> None:
    found = list(judge().evaluate(Played(film(10))))

    assert [each.sequence for each in found] == list(range(10))
    assert all(isinstance(each, EvaluatedFrame) and len(each.verdicts) == len(Fault) for each in found)


@pytest.mark.parametrize("max_frames", [1, 3, 16])
def test_verdicts_do_not_depend_on_how_frames_are_batched(max_frames: int) -> None:
    alone = [each for each in judge(max_frames=1).evaluate(Played(film(9))) if isinstance(each, EvaluatedFrame)]
    batched = [
        each for each in judge(max_frames=max_frames).evaluate(Played(film(9))) if isinstance(each, EvaluatedFrame)
    ]

    assert [each.verdicts for each in batched] == [each.verdicts for each in alone]


def test_a_recording_has_no_connection_to_judge_and_a_live_stream_has() -> None:
    (*_, recorded) = judge().evaluate(Played(film(6)))
    (*_, live) = judge(recorded=False).evaluate(Played(film(6)))

    assert isinstance(recorded, EvaluatedFrame)
    assert isinstance(live, EvaluatedFrame)
    assert verdict(recorded, Fault.SIGNAL_LOSS) is VerdictState.NOT_ASSESSABLE
    assert verdict(live, Fault.SIGNAL_LOSS) is VerdictState.OK


def test_a_bad_frame_is_reported_and_the_others_are_judged() -> None:
    found = list(judge().evaluate(Played([*film(2), broken("clip.mp4", 2), frame("clip.mp4", 3)])))

    assert [type(each) for each in found] == [EvaluatedFrame, EvaluatedFrame, RejectedFrame, EvaluatedFrame]


def test_what_came_before_a_source_broke_off_is_judged_before_the_error() -> None:
    frames = judge().evaluate(Played(film(6), breaks=True))

    assert [next(frames).sequence for _ in range(6)] == list(range(6))
    with pytest.raises(SourceUnavailable):
        next(frames)


def test_counters_are_asked_every_two_seconds_of_the_recordings_time() -> None:
    source = Played(film(7))

    list(judge().evaluate(source))

    assert source.asked == 4


def test_a_change_of_size_within_a_recording_is_judged_on() -> None:
    mixed = [*film(3), *(frame("clip.mp4", index, width=16) for index in range(3, 6))]

    assert len(list(judge().evaluate(Played(mixed)))) == 6
