"""HLS, where the operator allows it: the segments of one playlist, one after the other, as one stream of bytes.

A playlist lets the camera choose what is requested next, so FFmpeg's own reader, which opens whatever it finds, is not
used. One playlist of playlists at most, a bounded rate of requests, and only the camera's own and listed addresses.
"""

import time

from domain.errors import LoginRefused, NoVideo, OverLimit, SourceUnavailable
from ingest.connect.endpoints import Endpoint, ForeignAddress, follow_reference
from ingest.connect.stream_errors import NO_VIDEO
from ingest.http_video.hls_playlist import Playlist, Segment, parse_playlist, refuse_nested_playlists
from ingest.http_video.http_stream import HttpClient, HttpStream
from ingest.limits import DESCRIPTION_BYTES

REQUESTS_PER_S = 5.0
"""The most requests, of playlists and segments together, once a burst is spent; a camera's need one or two."""
BURST = 20
BEHIND_LIVE = 3
"""How many segments before its end a live playlist is entered: RFC 8216 asks for three."""
MAX_MISSING = 3
NAP_S = 0.25


class PlaylistStream:
    """What PyAV reads from: `read` gives the next bytes, waiting for new segments. One thread."""

    def __init__(self, client: HttpClient, main: HttpStream) -> None:
        self.name = main.name
        self.refusal: SourceUnavailable | None = None
        self._client = client
        self._segment: HttpStream | None = None
        self._head = ""
        self._next = 0
        self._missing = 0
        self._allowance = float(BURST)
        self._counted_s = time.monotonic()
        self._enter(main)

    @property
    def finite(self) -> bool:
        """Whether this is a recording, which ends by itself."""
        return self._playlist.complete

    def read(self, most: int) -> bytes:
        """Return up to `most` bytes, nothing at the end. Raises `SourceUnavailable`, which `refusal` then holds."""
        try:
            return self._read(most)
        except SourceUnavailable as error:
            self.refusal = error
            raise

    def close(self) -> None:
        if self._segment is not None:
            self._segment.close()

    def _enter(self, main: HttpStream) -> None:
        """Read the operator's playlist, and where it lists playlists the first of them."""
        self._where, self._playlist = self._load(main)
        if self._playlist.variants:
            self._where, self._playlist = self._load(self._open(self._playlist.variants[0]))
            refuse_nested_playlists(self._playlist)
        self._check_references()
        numbers = [segment.number for segment in self._playlist.segments]
        self._next = (numbers[0 if self._playlist.complete else -BEHIND_LIVE :] or numbers or [0])[0]

    def _load(self, stream: HttpStream) -> tuple[Endpoint, Playlist]:
        try:
            return stream.endpoint, parse_playlist(stream.read_whole(DESCRIPTION_BYTES))
        finally:
            stream.close()
            self._client.budget.renew()

    def _read(self, most: int) -> bytes:
        while True:
            if self._segment is None:
                segment = self._await_segment()
                if segment is None:
                    return b""
                self._open_segment(segment)
                continue
            piece = self._segment.read(most)
            if piece:
                return piece
            self._segment.close()
            self._segment = None

    def _await_segment(self) -> Segment | None:
        """Return the next segment, waiting for it where the stream is live; None where there are no more."""
        until_s = time.monotonic() + max(self._client.deadlines.video_s, 3 * self._playlist.target_s)
        while (segment := self._find_segment()) is None:
            if self._playlist.complete:
                return None
            again_s = min(until_s, time.monotonic() + self._playlist.target_s / 2)
            while time.monotonic() < again_s:
                time.sleep(NAP_S)
            if time.monotonic() >= until_s:
                raise NoVideo(NO_VIDEO)
            self._refresh()
        return segment

    def _find_segment(self) -> Segment | None:
        segments = self._playlist.segments
        if segments and (self._next < segments[0].number or self._next > segments[-1].number + 1):
            # We fell behind, or the camera counts from the beginning again.
            self._next = segments[-BEHIND_LIVE:][0].number
        return next((segment for segment in segments if segment.number >= self._next), None)

    def _refresh(self) -> None:
        _, self._playlist = self._load(self._open_endpoint(self._where))
        refuse_nested_playlists(self._playlist)
        self._check_references()

    def _open_segment(self, segment: Segment) -> None:
        if segment.head != self._head:
            self._head = segment.head
            if segment.head:
                self._segment = self._open(segment.head)
                return
        self._next = segment.number + 1
        last = None if segment.length is None else (segment.first or 0) + segment.length - 1
        try:
            self._segment = self._open(segment.reference, segment.first, last)
            self._missing = 0
        except (ForeignAddress, LoginRefused, OverLimit):
            raise
        except SourceUnavailable:
            # A live segment may be gone by the time it is asked for.
            self._missing += 1
            if self._missing >= MAX_MISSING:
                raise

    def _check_references(self) -> None:
        """Refuse the playlist as a whole where one of its addresses is foreign, before anything of it is asked for."""
        for segment in self._playlist.segments:
            for reference in filter(None, (segment.reference, segment.head)):
                self._follow(reference)

    def _follow(self, reference: str) -> Endpoint:
        return follow_reference(self._where, reference, self._client.root, self._client.limits.allowed_hosts)

    def _open(self, reference: str, first: int | None = None, last: int | None = None) -> HttpStream:
        return self._open_endpoint(self._follow(reference), first, last)

    def _open_endpoint(self, endpoint: Endpoint, first: int | None = None, last: int | None = None) -> HttpStream:
        self._wait_for_turn()
        return self._client.open(endpoint, first=first, last=last)

    def _wait_for_turn(self) -> None:
        now_s = time.monotonic()
        self._allowance = min(float(BURST), self._allowance + (now_s - self._counted_s) * REQUESTS_PER_S)
        self._counted_s = now_s
        if self._allowance < 1.0:
            time.sleep(1.0 / REQUESTS_PER_S)
        self._allowance = max(0.0, self._allowance - 1.0)
