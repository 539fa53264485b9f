"""Each promise that a cluster can break is told, each in its way; a run that kept them all says nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.faults import Fault
from lab.bench.cluster.camera_feed import FrameKey
from lab.bench.cluster.chaos.delivery_audit import IncidentDelivery, StoredRows, find_broken_promises
from lab.bench.cluster.scenario import CameraScenario

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
KEYS: set[FrameKey] = {("gate", "s1", number) for number in range(4)}
GATE = CameraScenario("gate", Fault.FREEZE, 20.0, 50.0)
YARD = CameraScenario("yard")


def delivery(
    headline: str = "freeze", at_s: float = 22.0, firing: int = 1, resolved: int = 1, camera: str = "gate"
) -> IncidentDelivery:
    return IncidentDelivery(camera, headline, BEGAN + timedelta(seconds=at_s), firing, resolved)


def wrong(tables: StoredRows, accepted: set[FrameKey] = KEYS) -> str:
    return " / ".join(find_broken_promises(accepted, tables, (GATE, YARD), BEGAN))


def test_a_run_that_kept_every_promise_says_nothing() -> None:
    assert wrong(StoredRows(dict.fromkeys(KEYS, 1), 0, [delivery()])) == ""


@pytest.mark.parametrize(
    ("frames", "put_aside", "word"),
    [
        ({key: 1 for key in KEYS if key[2] < 3}, 0, "1 frames lost: gate 3"),
        ({key: 2 if key[2] == 0 else 1 for key in KEYS}, 0, "1 frames doubled: gate 0"),
        (dict.fromkeys([*KEYS, ("gate", "s1", 9)], 1), 0, "1 frames stored but never taken: gate 9"),
        (dict.fromkeys(KEYS, 1), 2, "2 frames put aside"),
    ],
)
def test_frames_that_do_not_add_up_are_named(frames: dict[FrameKey, int], put_aside: int, word: str) -> None:
    assert wrong(StoredRows(frames, put_aside, [delivery()])) == word


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        ([], "freeze is 0 incidents instead of one"),
        ([delivery(), delivery(at_s=40.0)], "freeze is 2 incidents instead of one"),
        ([delivery(firing=2)], "freeze announced 2 times instead of once"),
        ([delivery(firing=0)], "freeze announced 0 times instead of once"),
        ([delivery(resolved=0)], "the end of freeze announced 0 times instead of once"),
        ([delivery("blur")], "announced as blur after 22 s and not due"),
        ([delivery(at_s=5.0)], "announced as freeze after 5 s and not due"),
        ([delivery(at_s=53.0)], "announced as freeze after 53 s and not due"),
        ([delivery(), delivery(camera="yard")], "yard: announced as freeze after 22 s and not due"),
    ],
)
def test_alerts_that_are_missing_doubled_or_not_due_are_named(messages: list[IncidentDelivery], word: str) -> None:
    assert word in wrong(StoredRows(dict.fromkeys(KEYS, 1), 0, messages))
