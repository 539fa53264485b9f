"""One call of `score`: the detectors are built once, then each source is opened, judged frame by frame and closed."""

from collections.abc import Callable, Iterator
from contextlib import closing

from alerts.policy import Policy
from domain.plain_text import visible
from domain.ports import Clock, FrameSource
from domain.streams import Camera, SamplingPlan
from domain.urls import checked
from ingest.limits import ReadingLimits
from ingest.recordings import file_address
from ingest.source import Pace, StreamSource, open_source
from sightline.chosen_models import chosen_detectors
from sightline.clock import SystemClock
from sightline.score import ClipJudge, JudgedFrame, RejectedFrame
from sightline.score_inputs import Source
from sightline.settings import Settings
from workers.batching import BatchBounds
from workers.device import resolved_device, use_threads
from workers.scorer import FrameScorer

Open = Callable[[Camera, Clock], FrameSource]


def open_at_full_speed(limits: ReadingLimits) -> Open:
    """Return how a source is opened: a recording is read as fast as it decodes and judged on its own time."""
    return lambda camera, clock: open_source(camera, clock, pace=Pace.FULL_SPEED, limits=limits)


class ScoringRun:
    """Judges one source after the other. Raises `ConfigError` for a device that is not there."""

    def __init__(
        self,
        *,
        plan: SamplingPlan,
        settings: Settings | None = None,
        device: str = "auto",
        live_for_s: float = 30.0,
        open_with: Open | None = None,
    ) -> None:
        """Of `settings` only the limits of reading and what chooses detectors and models count."""
        self._plan = plan
        self._live_for_s = live_for_s
        self._open = open_with or open_at_full_speed((settings or Settings()).ingest.limits())
        self.track = ""
        """Which of several video tracks of the source at hand is judged, "" where there is one."""
        self._clock = SystemClock()
        self._device = resolved_device(device)
        use_threads(None)
        self._detectors = chosen_detectors(settings)

    def judged(self, source: Source) -> Iterator[JudgedFrame | RejectedFrame]:
        """Yield every frame of a source, judged.

        Raises `ConfigError` for an address that may not be read, `SourceUnavailable` where it cannot be, or no further.
        """
        self.track = ""
        url = file_address(source.address) if source.is_file else checked(source.address, where="address")
        camera = Camera(name=visible(source.address), url=url, plan=self._plan)
        policy = Policy.for_pictures() if source.is_picture else Policy.for_clips()
        bounds = BatchBounds(max_frames=1) if source.is_live else BatchBounds.suited(self._device.type)
        scorer = FrameScorer(self._detectors, self._device, bounds)
        judge = ClipJudge(camera, scorer, policy, bounds=bounds, recorded=not source.is_live)
        with closing(self._open(camera, self._clock)) as opened:
            for frame in judge.judged(opened):
                self.track = opened.track if isinstance(opened, StreamSource) else ""
                yield frame
                if source.is_live and isinstance(frame, JudgedFrame) and frame.at_s >= self._live_for_s:
                    return
