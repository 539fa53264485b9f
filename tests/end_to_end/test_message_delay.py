"""From the first bad second to the message: what the guide says is what evaluation and dispatch take together."""

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path

import pytest

from domain.alerts import NotificationKind
from domain.cameras import Camera, ConnectionState
from notification.dispatcher import Dispatcher
from tests.fakes.ports import START, FakeAlertStore, FakeClock, FakeNotifier, FakeScoreStore, FakeStreamStore
from tests.unit.evaluation.camera_timeline import (
    DAY,
    DEFOCUSED,
    ELSEWHERE,
    HOME,
    NOISY,
    CameraTimeline,
    flat_structure,
)

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "alerts.md"
COVERED = {**DAY, "texture_share": 0.0, "edge_width": 12.0, "sharpness": 0.05, "contrast_rms": 0.01}
TOLERANCE_S = 10.0


def _play(values: dict[str, float], structure: object) -> Callable[[CameraTimeline], None]:
    return lambda story: story.play(1, values, structure)  # type: ignore[arg-type]


HAPPENINGS: dict[str, Callable[[CameraTimeline], None]] = {
    "the connection is lost": lambda story: story.out(2, ConnectionState.LOST),
    "the lens is out of focus": _play(dict(DEFOCUSED), HOME),
    "the picture is noisy": _play(dict(NOISY), HOME),
    "the camera is turned away": _play(dict(DAY), ELSEWHERE),
    "the lens is covered": _play(COVERED, flat_structure()),
}


def read_documented() -> dict[str, tuple[float, float]]:
    rows = re.findall(r"^\| ([^|]+) \| (\d+) s \| (\d+) s \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return {what: (float(alone), float(others)) for what, alone, others in rows}


class DelayedMessages:
    """A dispatcher for a site with so many other cameras, over the outbox of one timeline."""

    def __init__(self, scores: FakeScoreStore, others: int, clock: FakeClock) -> None:
        streams = FakeStreamStore()
        for name in ("gate", *(f"other-{number}" for number in range(others))):
            streams.put_camera(Camera(name, f"rtsp://{name}.test/1", site="depot"), by="test", at=START)
        self.notifier = FakeNotifier()
        self.dispatcher = Dispatcher(FakeAlertStore(scores, streams), streams, [self.notifier], clock)


@pytest.fixture(scope="module")
def learned() -> CameraTimeline:
    story = CameraTimeline(Camera("gate", "rtsp://gate.test/1", site="depot"))
    story.learn()
    story.play(120)
    return story


def measure(story: CameraTimeline, happens: Callable[[CameraTimeline], None]) -> tuple[float, float]:
    """Return the seconds from the first bad second to the message, of a camera alone and of one among others."""
    clock = FakeClock(story.now)
    desks = [DelayedMessages(story.store, others, clock) for others in (0, 5)]
    told_s: list[float | None] = [None, None]
    began = story.now
    while None in told_s and story.now - began < timedelta(minutes=20):
        happens(story)
        clock.advance((story.now - clock.now()).total_seconds())
        for place, desk in enumerate(desks):
            if told_s[place] is None:
                desk.dispatcher.run_once()
                told_s[place] = (story.now - began).total_seconds() if desk.notifier.sent else None
    assert [[sent.kind for sent in desk.notifier.sent] for desk in desks] == [[NotificationKind.FIRING]] * 2
    alone, among = told_s
    assert alone is not None
    assert among is not None
    return alone, among


def test_the_guide_names_every_happening() -> None:
    assert read_documented().keys() == HAPPENINGS.keys()


@pytest.mark.parametrize("what", HAPPENINGS)
def test_the_guide_says_how_long_it_takes(what: str, learned: CameraTimeline) -> None:
    assert measure(deepcopy(learned), HAPPENINGS[what]) == pytest.approx(read_documented()[what], abs=TOLERANCE_S)
