"""Doors for addresses, for messages from the broker, and for calendars."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from domain.cameras import ConnectionState, StreamStatus
from domain.errors import SightlineError
from domain.frames import Frame, FrameFormat, FrameRef
from domain.text.camera_urls import clean_camera_url, redact_text, split_credentials
from lab.bench.fuzz.target import BrokenPromise, EntryPoint
from notification.calendar_file import read_calendar
from transport.codec import decode_message, encode_message
from transport.compression import Compression

_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "Zq7canaryX9"
"""The password of the seeds: where it is still a password after the damage, nothing that is shown may hold it."""

_ADDRESSES = (
    f"rtsp://admin:{SECRET}@192.0.2.10:554/Streaming/Channels/101",
    f"rtsp://192.0.2.10:554/user=admin_password={SECRET}_channel=1_stream=0.sdp",
    f"http://user:{SECRET}@[2001:db8::1]:8080/video?channel=1&token={SECRET}",
    f"rtsps://u%40b:{SECRET}@camera.example/live#x",
    "file:///var/clips/a.mp4",
    "/var/clips/100%.mp4",
)


def open_addresses() -> EntryPoint:
    """Addresses as an operator or an attacker writes them: parsed, prepared for FFmpeg, and shown."""

    def feed(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        redact_text(text)
        _, password = split_credentials(text)
        shown = redact_text(clean_camera_url(text, where="camera"))
        # Damage may copy the password to where a name belongs; then nobody can tell.
        if SECRET in password and SECRET in shown and text.count(SECRET) == 1:
            raise BrokenPromise("a password is shown")

    return EntryPoint([address.encode() for address in _ADDRESSES], feed)


def _frame(pixel_format: str, shapes: list[tuple[int, ...]], sample: str) -> Frame:
    height, width = shapes[0][:2]
    planes = tuple(np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape).astype(sample) for shape in shapes)
    reference = FrameRef("gate", "a" * 32, 7, 1.5, _AT, token=3)
    return Frame(reference, FrameFormat(width, height, pixel_format), planes, key_frame=True, qp=28.0)


def _messages() -> list[bytes]:
    frames = (
        _frame("yuv420p", [(32, 48), (16, 24), (16, 24)], "u1"),
        _frame("gray10le", [(32, 48)], "u2"),
        _frame("rgb24", [(32, 48, 3)], "u1"),
    )
    status = StreamStatus("gate", "a" * 32, 7, _AT, ConnectionState.LIVE, "", _AT)
    refused = StreamStatus("gate", "a" * 32, -1, _AT, ConnectionState.REFUSED, "check user and password")
    return [
        *(encode_message(frame, compression=way) for frame in frames for way in (Compression.RAW, Compression.ZSTD)),
        encode_message(status),
        encode_message(refused),
    ]


def open_messages() -> EntryPoint:
    """Bytes from the broker: what is taken for a message can be sent on as one."""

    def feed(data: bytes) -> None:
        message = decode_message(data)
        try:
            encode_message(message)
        except SightlineError as error:
            raise BrokenPromise(f"a message was taken that cannot be sent: {error}") from error

    return EntryPoint(_messages(), feed)


_EVENTS = (
    "DTSTART;TZID=Europe/Berlin:20260105T080000\nDTEND;TZID=Europe/Berlin:20260105T100000\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231T225959Z\nEXDATE;TZID=Europe/Berlin:20260112T080000\nRDATE:20260107T190000Z",
    "DTSTART;TZID=Europe/Berlin:20260113T120000\nDURATION:PT90M\nRECURRENCE-ID:20260112T070000Z\nSTATUS:CONFIRMED",
    "DTSTART;VALUE=DATE:20260405\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;INTERVAL=2;COUNT=9\nSTATUS:CANCELLED",
    "DTSTART:20260401T100000\nRDATE;VALUE=PERIOD:20260402T100000Z/PT2H,20260403T100000Z/20260403T110000Z",
)


def _calendar(events: Sequence[str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//fuzz//EN"]
    for event in events:
        lines += ["BEGIN:VEVENT", "UID:series", "SUMMARY:Cleaning", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def open_calendars() -> EntryPoint:
    """Calendars as programs export them: every window that is announced ends after it begins."""

    def feed(data: bytes) -> None:
        _, windows = read_calendar(data, "Europe/Berlin")
        if any(window.until <= window.since for window in windows):
            raise BrokenPromise("a window ends before it begins")

    return EntryPoint([_calendar(_EVENTS), *(_calendar([event]) for event in _EVENTS)], feed)
