"""Which values a message may hold: any program that reaches the broker can send one, and none may harm stored data.

Every field is checked by its type, including fields of later versions; fields with a known range are checked by it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import Any

from domain.cameras import StreamCounters, StreamStatus
from domain.clocks import EARLIEST_TIME, LATEST_TIME, is_plausible
from domain.errors import FrameRejected
from domain.frames import FrameFormat, FrameRef

MAX_EXACT_INTEGER = 2**53
"""Counts beyond this are no longer exact in JSON, in JavaScript and in a double."""
MAX_ID_LENGTH = 200
MAX_STATUS_REASON_LENGTH = 2000
MAX_SIDE = 16384
_LONGEST_PLAN_S = 30 * 86400.0
_LARGEST_RATE = 1e12
_LARGEST_NUMBER = 1e15
_MAX_METRICS = 200


def check_ref(ref: FrameRef) -> None:
    """Raise `FrameRejected` where a frame's name holds what cannot be."""
    _check_ids(ref.stream_id, ref.session_id)
    _check_values("", ref)
    if ref.sequence < 0 or ref.token < 0:
        raise FrameRejected("malformed message: a negative sequence or token")


def check_format(shape: FrameFormat) -> None:
    """Raise `FrameRejected` for a size no picture has."""
    if not (1 <= shape.width <= MAX_SIDE and 1 <= shape.height <= MAX_SIDE):
        raise FrameRejected(f"malformed message: a picture of {shape.width}x{shape.height}")
    _check_text("pixel_format", shape.pixel_format, 64)


def check_number(name: str, value: float | None) -> None:
    """Raise `FrameRejected` for a number that is not finite or beyond all measure."""
    if value is not None:
        _check_values(name, value)


def check_measured(values: Mapping[str, float], missing: Mapping[str, str], models: Mapping[str, str]) -> None:
    """Raise `FrameRejected` where the numbers of a frame hold what cannot be, or are too many."""
    for name, part in (("values", values), ("missing", missing), ("models", models)):
        if len(part) > _MAX_METRICS:
            raise FrameRejected(f"malformed message: {len(part)} {name}")
        for key in part:
            _check_text(name, key, MAX_ID_LENGTH)
        _check_values(name, part)


def clean_status(status: StreamStatus) -> StreamStatus:
    """Return the status with a reason fit to be shown. Raises `FrameRejected` where it holds what cannot be."""
    _check_ids(status.stream_id, status.session_id)
    reason = strip_unprintable(status.reason)
    _check_values("", replace(status, reason=reason))
    if status.sequence < -1 or status.token < 0:
        raise FrameRejected("malformed message: a negative sequence or token")
    _check_counters(status.counters)
    plan = status.plan
    if not all(0 < value <= _LONGEST_PLAN_S for value in (plan.interval_s, plan.judge_s, plan.every_s)):
        raise FrameRejected("malformed message: a sampling plan of no sensible times")
    return status if reason == status.reason else replace(status, reason=reason)


def _check_counters(counters: StreamCounters) -> None:
    _check_text("codec", counters.codec, 64)
    for field in fields(counters):
        value = getattr(counters, field.name)
        if isinstance(value, (int, float)) and value < 0:
            raise FrameRejected(f"malformed message: {field.name} is negative")
    if max(counters.width, counters.height) > MAX_SIDE:
        raise FrameRejected(f"malformed message: a picture of {counters.width}x{counters.height}")
    if any(value is not None and value > _LARGEST_RATE for value in (counters.fps, counters.bitrate_bps)):
        raise FrameRejected("malformed message: a rate beyond all measure")


def strip_unprintable(text: str) -> str:
    """Return text without control characters, at most `MAX_STATUS_REASON_LENGTH` long."""
    text = text[:MAX_STATUS_REASON_LENGTH]
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)


def _check_ids(stream_id: str, session_id: str) -> None:
    _check_text("stream_id", stream_id, MAX_ID_LENGTH)
    _check_text("session_id", session_id, MAX_ID_LENGTH)
    if not stream_id or not session_id:
        raise FrameRejected("malformed message: it names no stream or no session")


def _check_text(name: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise FrameRejected(f"malformed message: {name} has {len(text):,} characters, at most {longest} are allowed")
    if not text.isprintable():
        raise FrameRejected(f"malformed message: {name} holds control characters")


def _check_values(name: str, value: Any) -> None:
    """Look at every value of a record, by its type."""
    if isinstance(value, datetime):
        _check_time(name, value)
    elif isinstance(value, (int, float)):
        _check_size(name, value)
    elif isinstance(value, str):
        _check_text(name, value, MAX_STATUS_REASON_LENGTH)
    else:
        for part, each in _parts(name, value):
            _check_values(part, each)


def _parts(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, (tuple, list)):
        return ((name, each) for each in value)
    if isinstance(value, Mapping):
        return ((name, each) for pair in value.items() for each in pair)
    if is_dataclass(value):
        return ((field.name, getattr(value, field.name)) for field in fields(value))
    return ()


def _check_size(name: str, value: float) -> None:
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) <= _LARGEST_NUMBER):
        raise FrameRejected(f"malformed message: {name} is no number that can be ({value:g})")
    if abs(value) >= MAX_EXACT_INTEGER:
        raise FrameRejected(f"malformed message: {name} is beyond 2^53")


def _check_time(name: str, at: datetime) -> None:
    if at.tzinfo is None or at.utcoffset() is None:
        raise FrameRejected(f"malformed message: {name} has no time zone")
    try:
        plausible = is_plausible(at)
    except OverflowError:  # the first and last hours of the calendar, in a zone beside UTC
        plausible = False
    if not plausible:
        raise FrameRejected(
            f"malformed message: {name} is in the year {at.year}, not between {EARLIEST_TIME.year} and "
            f"{LATEST_TIME.year}: check the clock of ingest"
        )
