"""The verdict of a watch beside hostile neighbours names each promise that was not kept."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from lab.bench.endurance.neighbours.hostile_watch import WatchPlan, WatchRecord, plan_watch
from lab.bench.endurance.neighbours.promises import check_promises
from lab.bench.endurance.stored_results import SentNotification, StoredFrameAccount
from lab.bench.footprint import MIB, Reading
from simulation.cameras.hostile_cameras import ForeignHost

COURSE = plan_watch(600.0)
WATCHED = {"gate": 600.0, "odd": 600.0}


def _account(stored: int, **changes: int) -> StoredFrameAccount:
    return replace(
        StoredFrameAccount(offered=stored, stored=stored, put_aside=0, doubled=0, sessions=1, overdrawn=0),
        **changes,
    )


def _seen(accounts: Mapping[str, StoredFrameAccount] | None = None, last_mib: float = 1000.0) -> WatchRecord:
    readings = [
        Reading(float(second), round((1000.0 if second < 300 else last_mib) * MIB), 0.0, 0.0, 10, 2)
        for second in range(0, 600, 10)
    ]
    return WatchRecord(
        readings=readings,
        lags=[0.2] * 100,
        watched_s=dict(WATCHED),
        accounts=accounts or {"gate": _account(600), "odd": _account(598)},
        log_bytes=1000,
        storm={"asked": 100, "failed": 0, "p95_s": 0.3},
    )


def _judge(seen: WatchRecord, witness: ForeignHost | None = None, course: WatchPlan = COURSE) -> list[str]:
    return check_promises(seen, course, ["gate"], ["odd"], witness or ForeignHost())


def test_a_watch_that_kept_everything_breaks_nothing() -> None:
    assert _judge(_seen()) == []


def test_a_hundredth_of_the_frames_may_lack_and_no_more() -> None:
    assert _judge(_seen({"gate": _account(593), "odd": _account(598)})) == []
    assert _judge(_seen({"gate": _account(590), "odd": _account(598)})) == [
        "gate: 590 frames stored of 590 offered and 598 due"
    ]


def test_a_harmless_camera_must_be_judged_and_nothing_reported_of_it() -> None:
    seen = _seen({"gate": _account(600), "odd": _account(20)})
    seen.messages = [
        SentNotification(("odd",), "no_frames", "firing", "1", "now"),
        SentNotification(("hostile",), "signal_loss", "firing", "2", "now"),
    ]
    assert _judge(seen) == [
        "odd: perfect pictures, yet only 20 frames stored of 598 due",
        "odd: announced as no_frames",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lags": [0.2] * 90 + [5.0] * 10}, "lag p95 5.00 s"),
        ({"log_bytes": 3_300_000}, "3,300,000 bytes of log"),
        (
            {"storm": {"asked": 9, "failed": 2, "p95_s": 10.0}},
            "the page gave no answer 2 times of 9 during the storm",
        ),
        ({"storm": {"asked": 9, "failed": 0, "p95_s": 3.5}}, "the page answered in 3.5 s at p95 during the storm"),
        ({"unready": "not ready at the end"}, "not ready at the end"),
        (
            {"cameras": {"gate": {"reason": "Input/output error"}}},
            "gate: its reason is no plain sentence: Input/output error",
        ),
        (
            {"cameras": {"sha256-only": {"reason": "login refused: check user and password"}}},
            "sha256-only: its reason sends a guard the wrong way: login refused: check user and password",
        ),
        ({"leaks": ["the log of run"]}, "a camera's password is in the log of run"),
    ],
)
def test_each_promise_is_named(changed: dict[str, object], said: str) -> None:
    assert _judge(replace(_seen(), **changed)) == [said]  # type: ignore[arg-type]


def test_memory_that_grows_and_a_call_to_another_host_are_named() -> None:
    assert _judge(_seen(last_mib=1100.0)) == ["memory grew from 1000.0 to 1100.0 MiB"]
    (said,) = _judge(_seen(), ForeignHost(3, [b"DESCRIBE rtsp://127.0.0.2"]))
    assert said.startswith("another host was called 3 times")
