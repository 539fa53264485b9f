"""Pictures of JPEG over HTTP, cut out of whatever a camera writes around them and handed to FFmpeg as proper parts.

FFmpeg's own reader ends the session at the first boundary that is missing, the first type it does not know, the first
length that is wrong. A viewer shows all of these cameras, so the pictures themselves count: where one begins is plain
from its bytes, where it ends from its length if that is true, else from what follows.
"""

import re

from domain.errors import SourceUnavailable
from ingest.http_video.http_stream import HttpStream
from ingest.limits import MEGABYTE

BEGIN, END = b"\xff\xd8\xff", b"\xff\xd9"
BETWEEN_BYTES = MEGABYTE
"""The most that may come between two pictures."""
NO_JPEG = "the camera sends something else than JPEG pictures: choose MJPEG or an RTSP stream in its settings"
_HEAD_BYTES = 4096
_READ_BYTES = 64 * 1024
_OVERLAP = 4200
"""Longer than what `_CUT` matches, so that a match over two pieces is found."""
_LENGTH = re.compile(rb"content-length:[ \t]{0,9}([0-9]{1,9})[ \t]{0,9}\r?\n", re.IGNORECASE)
_FOLLOWS = re.compile(rb"[\r\n \x00]{0,64}(?:$|--|[a-z][a-z0-9-]{1,40}:|\xff\xd8\xff)", re.IGNORECASE)
_CUT = re.compile(
    rb"(\xff\xd9)(?:[\r\n \x00]{0,4096}(?=--|content-)|[^\xff]{0,2048}(?=\xff\xd8\xff))|\r?\n--[!-~]{1,70}\r?\n",
    re.IGNORECASE,
)
_PART = re.compile(rb"\xff\xd9[\r\n \x00]{0,64}(?:--|content-)|\r?\n--[!-~]{1,70}\r?\n", re.IGNORECASE)


class JpegStream:
    """What PyAV reads from, as `mpjpeg`: each picture in a part of its own. One thread."""

    def __init__(self, stream: HttpStream) -> None:
        self.name = stream.name
        self.pictures = 0
        """How many were handed on so far."""
        self.ended = False
        self._refusal: SourceUnavailable | None = None
        self._stream = stream
        self._buffer = bytearray()
        self._searched = 0
        self._dropped = 0
        self._ready = b""

    @property
    def refusal(self) -> SourceUnavailable | None:
        """Why the stream failed, None while it did not."""
        return self._refusal or self._stream.refusal

    def read(self, most: int) -> bytes:
        """Return up to `most` bytes, nothing at the end. Raises `SourceUnavailable`, which `refusal` then holds."""
        while not self._ready:
            picture = self._take_picture()
            if picture:
                head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self._ready = head.encode("ascii") + picture + b"\r\n"
                self.pictures += 1
            elif self.ended:
                self._refuse_foreign()
                return b""
            else:
                self._receive()
        piece, self._ready = self._ready[:most], self._ready[most:]
        return piece

    def close(self) -> None:
        self._stream.close()

    def _receive(self) -> None:
        data = self._stream.read(_READ_BYTES)
        self._buffer += data
        self.ended = not data

    def _take_picture(self) -> bytes:
        """Remove and return the next whole picture; nothing while it is incomplete."""
        start = self._buffer.find(BEGIN)
        if start < 0:
            self._drop_text()
            return b""
        lengths = _LENGTH.findall(self._buffer, max(0, start - _HEAD_BYTES), start)
        length = int(lengths[-1]) if lengths else 0
        end = self._end_by_length(start, length) if length else None
        if end is None:
            end = self._end_by_search(start)
        if end < 0:
            return b""
        picture = bytes(self._buffer[start:end])
        del self._buffer[:end]
        self._searched = self._dropped = 0
        return picture

    def _drop_text(self) -> None:
        """Forget what cannot belong to the next picture. Raises `SourceUnavailable` where no picture comes at all."""
        excess = len(self._buffer) - 2 * _HEAD_BYTES
        if excess > 0:
            del self._buffer[:excess]
            self._dropped += excess
        if self._dropped > BETWEEN_BYTES:
            self._refusal = SourceUnavailable(NO_JPEG)
            raise self._refusal

    def _refuse_foreign(self) -> None:
        """Say of an answer that ended what it was not: FFmpeg only saw that nothing came."""
        if not self.pictures and (self._buffer or self._dropped):
            self._refusal = SourceUnavailable(NO_JPEG)

    def _end_by_length(self, start: int, length: int) -> int | None:
        """Return where the picture ends by its length, -1 while that is to come, None where the length is wrong."""
        end = start + length
        if len(self._buffer) < end:
            # Where the length is too large, waiting for it would take in the next picture.
            return None if self.ended or self._part_begins(start) else -1
        picture_ends = bytes(self._buffer[max(start, end - 64) : end]).rstrip(b"\r\n \x00").endswith(END)
        return end if picture_ends or _FOLLOWS.match(self._buffer, end, end + 128) else None

    def _part_begins(self, start: int) -> bool:
        """Return whether another part begins in the bytes that came since this was last asked."""
        found = _PART.search(self._buffer, max(start, self._searched - _OVERLAP)) is not None
        if not found:
            self._searched = len(self._buffer)
        return found

    def _end_by_search(self, start: int) -> int:
        """Return where the picture ends by what follows it, -1 while that is to come."""
        found = _CUT.search(self._buffer, max(start, self._searched - _OVERLAP))
        if found is not None:
            return found.end(1) if found[1] is not None else found.start()
        self._searched = len(self._buffer)
        return len(self._buffer) if self.ended else -1
