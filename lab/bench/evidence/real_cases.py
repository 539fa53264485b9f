"""Real footage of real faults, and of what looks like one: what must be reported of each, within how long.

None of it set a threshold. Clips run by the clips' policy; each is played at the plans named, because some faults are
shorter than a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.cameras import Camera, SamplingMode, SamplingPlan
from domain.faults import Fault
from evaluation.policy import Policy
from lab.bench.evidence.current_practice import watch_clip
from lab.bench.evidence.playback import build_product_scorer, evaluate_playback, play_clip

DEFAULT, FAST = "default", "every .2 s"
PLANS = {DEFAULT: SamplingPlan(), FAST: SamplingPlan(mode=SamplingMode.INTERVAL, interval_s=0.2)}


@dataclass(frozen=True, slots=True)
class RealCase:
    """One clip below the data folder. `headlines` are the names that are right, none where nothing may be reported.

    `onset_s` is when the fault begins, `within_s` how soon after it must be reported.
    """

    clip: str
    plan: str
    headlines: tuple[Fault, ...] = ()
    onset_s: float = 0.0
    within_s: float = 4.0

    @property
    def name(self) -> str:
        return f"{Path(self.clip).stem}, {self.plan}"


_HANDLED = (Fault.COVERED, Fault.CAMERA_MOVED)
CASES: tuple[RealCase, ...] = (
    RealCase("real/camera-tilted.mp4", DEFAULT, (Fault.CAMERA_MOVED,), 2.8),
    RealCase("real/camera-tilted.mp4", FAST, (Fault.CAMERA_MOVED,), 2.8),
    RealCase("real/camera-handled.h264", DEFAULT, _HANDLED, 4.3),
    RealCase("real/camera-handled.h264", FAST, _HANDLED, 4.3),
    RealCase("real/packet-loss.h265", DEFAULT, (Fault.CORRUPT_PICTURE,)),
    RealCase("real/packet-loss.h265", FAST, (Fault.CORRUPT_PICTURE,)),
    RealCase("conditions/tamper-covered.mp4", DEFAULT, (Fault.COVERED,), 2.1),
    RealCase("conditions/tamper-covered.mp4", FAST, (Fault.COVERED,), 2.1),
    RealCase("real/vendor-headers.h264", FAST, (Fault.BLACK, Fault.PLACEHOLDER)),
    RealCase("conditions/fog-highway-timelapse.mp4", DEFAULT, (Fault.LOW_CONTRAST,), 0.0, 20.0),
    RealCase("real/crowd-from-above.mp4", DEFAULT),
    RealCase("real/crowd-from-above.mp4", FAST),
    RealCase("real/sun-enters.mp4", DEFAULT),
    RealCase("real/sun-enters.mp4", FAST),
    RealCase("cases/two-privacy-masks.mp4", DEFAULT),
    RealCase("cases/cover_first.mp4", DEFAULT),
    RealCase("cases/base.h264", DEFAULT),
    RealCase("cases/hole_then_black.mkv", DEFAULT, (Fault.BLACK,), 94.0),
)
"""fog-highway and tamper-covered are conditions clips: bounds were corrected on them, which docs/evidence.md says."""


def find_cases(data: Path) -> Sequence[RealCase]:
    """Return the cases whose clips are in the folder."""
    return [case for case in CASES if (data / case.clip).is_file()]


def run_case(data: Path, case: RealCase) -> dict[str, Any]:
    """Return what was reported of one case, when, whether that is right, and what today's checks raised."""
    camera = Camera("camera", str(data / case.clip), plan=PLANS[case.plan])
    outcome = evaluate_playback(play_clip(camera, build_product_scorer()), camera, Policy.for_clips())
    after = {fault: at_s - case.onset_s for fault, at_s in outcome.fired.items()}
    headline = outcome.headline
    rightly = headline in case.headlines if case.headlines else not outcome.fired
    delay_s = min((after[fault] for fault in case.headlines if fault in after), default=None)
    in_time = delay_s is not None and -1.0 <= delay_s <= case.within_s
    return {
        "case": case.name,
        "clip": case.clip,
        "plan": case.plan,
        "should_be": [fault.value for fault in case.headlines],
        "headline": headline.value if headline else "",
        "told": {fault.value: round(at_s, 2) for fault, at_s in outcome.fired.items()},
        "delay_s": None if delay_s is None else round(delay_s, 2),
        "right": rightly and (in_time or not case.headlines),
        "seconds": round(outcome.seconds, 1),
        "today": {name: round(times[0], 2) for name, times in watch_clip(camera).raised.items()},
    }
