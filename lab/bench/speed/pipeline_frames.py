"""The frames that every contestant of the pipeline measurement is given: the same numbers and pictures each time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.frames import Frame, FrameRef
from lab.bench.moving_pictures import MovingPictures, yuv420p


@dataclass(frozen=True, slots=True)
class PipelineLoad:
    """How much is given: `units` units of `unit` frames a turn, of `streams` cameras of one size."""

    streams: int
    unit: int
    units: int
    turns: int
    width: int
    height: int

    @property
    def frames(self) -> int:
        """Return the frames of one turn."""
        return self.unit * self.units


class PipelineFrames:
    """Endless turns; two films of one plan and beginning are equal."""

    def __init__(self, plan: PipelineLoad, began_at: datetime) -> None:
        self._plan = plan
        self._format = yuv420p(plan.width, plan.height)
        self._pictures = MovingPictures(plan.width, plan.height)
        self._began_at = began_at
        self._sequence = 0

    def turn(self) -> list[list[Frame]]:
        """Return the units of one turn; sequence and time go on from turn to turn."""
        return [[self._frame(index) for index in range(self._plan.unit)] for _ in range(self._plan.units)]

    def _frame(self, index: int) -> Frame:
        plan, sequence = self._plan, self._sequence
        self._sequence += 1
        at = self._began_at + timedelta(seconds=sequence)
        ref = FrameRef(f"camera-{index % plan.streams}", "bench", sequence, sequence / plan.unit, at)
        return Frame(ref, self._format, self._pictures.planes(), key_frame=True)
