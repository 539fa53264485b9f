"""Whether a watch beside hostile neighbours kept its promises, and its figures. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from lab.bench.endurance.neighbours.hostile_watch import WatchPlan, WatchRecord
from lab.bench.endurance.stored_results import SentNotification, StoredFrameAccount
from lab.bench.footprint import MIB, memory_figures
from simulation.cameras.hostile_cameras import ForeignHost

STORED_SHARE = 0.99
JOIN_FRAMES = 2
"""Frames that a camera may lack at the two ends of the watch: one not yet due, one not yet stored."""
MOST_LAG_S = 2.0
MOST_PAGE_S = 2.0
MOST_LOG_BYTES = 1_000_000
GROWTH_ALLOWED = 0.05
"""Flat: the last minute's memory is within this share of the first minute's after the warm-up."""
MOST_PEAK_SHARE = 2.0
"""No moment may take more than this many times the memory of the first minute."""
LEAST_FOR_MEMORY_S = 300.0
"""A shorter run says nothing of memory: caches and windows still fill."""
_WARM_UP_S = 60.0
_OPAQUE = ("Input/output error", "ArgumentError", "HTTPServerError", "Errno", "Traceback")
"""Words in a reason that no guard understands."""
_WRONG_ADVICE = {"sha256-only": "check user and password", "wrong-payload-type": "check the network"}
"""What a guard must not be sent to do, by the neighbour whose trouble is another."""


def check_promises(
    seen: WatchRecord, course: WatchPlan, healthy: Sequence[str], harmless: Sequence[str], witness: ForeignHost
) -> list[str]:
    """Return every promise not kept, in words."""
    return [
        *check_speed_promises(seen, healthy, harmless),
        *check_lasting_promises(seen, course, healthy, harmless, witness),
    ]


def check_speed_promises(seen: WatchRecord, healthy: Sequence[str], harmless: Sequence[str]) -> list[str]:
    """Return the promises not kept that a machine busy with other work breaks too."""
    return [*_find_missing(seen, healthy), *_find_unjudged_harmless(seen, harmless), *_find_slowness(seen)]


def check_lasting_promises(
    seen: WatchRecord, course: WatchPlan, healthy: Sequence[str], harmless: Sequence[str], witness: ForeignHost
) -> list[str]:
    """Return the promises not kept that hold however busy the machine is."""
    return [
        *seen.ended,
        *([seen.unready] if seen.unready else []),
        *_find_miscounts(seen, healthy),
        *_find_silence(seen),
        *find_false_alerts(seen.messages, {*healthy, *harmless}),
        *_find_growth(seen, course),
        *_find_calls(witness),
        *_find_opaque_reasons(seen.cameras),
        *(f"a camera's password is in {where}" for where in seen.leaks),
    ]


def _find_miscounts(seen: WatchRecord, healthy: Sequence[str]) -> list[str]:
    wrong = [f"{name}: {each.doubled} frames stored twice" for name, each in seen.accounts.items() if each.doubled]
    wrong += [
        f"{name}: {each.overdrawn} sessions stored more frames than were offered"
        for name, each in seen.accounts.items()
        if each.overdrawn
    ]
    return wrong + [
        f"{name}: {seen.accounts[name].put_aside} frames put aside"
        for name in healthy
        if name in seen.accounts and seen.accounts[name].put_aside
    ]


def due_frames(watched_s: float, interval_s: float = 1.0) -> int:
    """Return how many frames must have been stored of a camera watched so long."""
    return max(0, int(watched_s / interval_s) - JOIN_FRAMES)


def _find_missing(seen: WatchRecord, healthy: Sequence[str]) -> list[str]:
    wrong = []
    for name in healthy:
        stored = seen.accounts[name].stored if name in seen.accounts else 0
        offered = seen.accounts[name].offered if name in seen.accounts else 0
        due = due_frames(seen.watched_s.get(name, 0.0))
        if stored < STORED_SHARE * max(offered, due):
            wrong.append(f"{name}: {stored} frames stored of {offered} offered and {due} due")
    return wrong


def _find_unjudged_harmless(seen: WatchRecord, harmless: Sequence[str]) -> list[str]:
    """A harmless camera joins later and at its own pace, yet most of its frames must be there."""
    wrong = []
    for name in harmless:
        stored = seen.accounts[name].stored if name in seen.accounts else 0
        due = due_frames(seen.watched_s.get(name, 0.0))
        if name not in seen.watched_s or stored < 0.9 * due:
            wrong.append(f"{name}: perfect pictures, yet only {stored} frames stored of {due} due")
    return wrong


def _find_slowness(seen: WatchRecord) -> list[str]:
    wrong = []
    if seen.lags and (p95_s := float(np.percentile(seen.lags, 95))) >= MOST_LAG_S:
        wrong.append(f"lag p95 {p95_s:.2f} s")
    if not seen.storm.get("failed") and seen.storm.get("asked") and seen.storm["p95_s"] >= MOST_PAGE_S:
        wrong.append(f"the page answered in {seen.storm['p95_s']} s at p95 during the storm")
    return wrong


def _find_silence(seen: WatchRecord) -> list[str]:
    wrong = []
    if seen.storm.get("failed"):
        wrong.append(f"the page gave no answer {seen.storm['failed']} times of {seen.storm['asked']} during the storm")
    if seen.log_bytes >= MOST_LOG_BYTES:
        wrong.append(f"{seen.log_bytes:,} bytes of log")
    return wrong


def find_false_alerts(messages: Sequence[SentNotification], well: Collection[str]) -> list[str]:
    """Return what was announced of cameras that were well all the time."""
    return [
        f"{', '.join(each.cameras)}: announced as {each.headline}"
        for each in messages
        if each.kind == "firing" and set(each.cameras) & set(well)
    ]


def _find_growth(seen: WatchRecord, course: WatchPlan) -> list[str]:
    memory = memory_of(seen, course)
    wrong = []
    # An interrupted watch is shorter than its course.
    watched_s = min(course.seconds, (seen.readings[-1].at_s - seen.readings[0].at_s) / 0.9)
    if watched_s >= LEAST_FOR_MEMORY_S and memory["last_mib"] > memory["first_mib"] * (1 + GROWTH_ALLOWED):
        wrong.append(f"memory grew from {memory['first_mib']} to {memory['last_mib']} MiB")
    if memory["peak_mib"] > memory["first_mib"] * MOST_PEAK_SHARE:
        wrong.append(f"memory rose to {memory['peak_mib']} MiB, from {memory['first_mib']} MiB")
    return wrong


def memory_of(seen: WatchRecord, course: WatchPlan) -> dict[str, float]:
    """Return the memory figures after the warm-up."""
    warm_up_s = min(_WARM_UP_S, course.seconds / 4)
    began_s = seen.readings[0].at_s
    settled = [reading for reading in seen.readings if reading.at_s >= began_s + warm_up_s]
    return memory_figures(settled or seen.readings[-1:], min(60.0, course.seconds / 4))


def _find_calls(witness: ForeignHost) -> list[str]:
    if not witness.calls:
        return []
    return [f"another host was called {witness.calls} times because a camera said so: {witness.heard[0][:60]!r}"]


def _find_opaque_reasons(cameras: Mapping[str, Any]) -> list[str]:
    reasons = {name: reason_of(each) for name, each in cameras.items()}
    wrong = [
        f"{name}: its reason is no plain sentence: {reason}"
        for name, reason in reasons.items()
        if any(word in reason for word in _OPAQUE)
    ]
    return wrong + [
        f"{name}: its reason sends a guard the wrong way: {reasons[name]}"
        for name, advice in _WRONG_ADVICE.items()
        if advice in reasons.get(name, "")
    ]


def reason_of(camera: Mapping[str, Any]) -> str:
    """Return why the API says that a camera is not seen, "" where it is."""
    connection = camera.get("connection")
    if isinstance(connection, Mapping):
        return str(connection.get("reason") or "")
    return str(camera.get("reason") or "")


def figures(
    seen: WatchRecord, course: WatchPlan, healthy: Sequence[str], neighbours: Sequence[str], witness: ForeignHost
) -> dict[str, Any]:
    """Return what was measured."""
    lags = seen.lags or [float("nan")]
    return {
        "minutes": round(course.seconds / 60, 2),
        "frames": {name: _frames(seen.accounts[name], seen.watched_s.get(name, 0.0)) for name in sorted(seen.accounts)},
        "stored_share": round(_stored_share(seen, healthy), 4),
        "lag_s": {
            "n": len(seen.lags),
            "p50": round(float(np.percentile(lags, 50)), 3),
            "p95": round(float(np.percentile(lags, 95)), 3),
            "max": round(max(lags), 3),
        },
        "memory": memory_of(seen, course),
        "processes": seen.readings[-1].processes,
        "peak_mib_with_warm_up": round(max(reading.rss_bytes for reading in seen.readings) / MIB, 1),
        "log_bytes": seen.log_bytes,
        "page_during_storm": seen.storm,
        "strangers": seen.strangers,
        "calls_to_another_host": witness.calls,
        "told": sorted({f"{', '.join(each.cameras)}: {each.headline} {each.kind}" for each in seen.messages}),
        "neighbours": {name: reason_of(seen.cameras.get(name, {})) for name in neighbours},
    }


def _frames(account: StoredFrameAccount, watched_s: float) -> dict[str, int]:
    return {
        "due": due_frames(watched_s),
        "offered": account.offered,
        "stored": account.stored,
        "put_aside": account.put_aside,
        "sessions": account.sessions,
    }


def _stored_share(seen: WatchRecord, healthy: Sequence[str]) -> float:
    """Return the frames stored of the healthy cameras against those offered or due, whichever are more."""
    expected = sum(
        max(seen.accounts[name].offered, due_frames(seen.watched_s.get(name, 0.0)))
        for name in healthy
        if name in seen.accounts
    )
    stored = sum(seen.accounts[name].stored for name in healthy if name in seen.accounts)
    return stored / expected if expected else 0.0
