"""What an HTTP answer holds: a stream, or one of the things that people enter in its place. Each has its own words."""

from domain.errors import SourceUnavailable
from ingest.http_video.hls_playlist import MARK
from ingest.http_video.http_stream import HttpStream
from ingest.http_video.jpeg_stream import JpegStream
from ingest.limits import ReadingLimits

JPEG_PARTS = "mpjpeg"
HTTP_FORMATS = (
    "mpegts",
    "mpjpeg",
    "mjpeg",
    "h264",
    "hevc",
    "vvc",
    "av1",
    "obu",
    "ivf",
    "m4v",
    "mpegvideo",
    "mpeg",
    "mov",
    "matroska",
    "webm",
    "flv",
    "live_flv",
    "avi",
    "asf",
    "nut",
    "ogg",
    "dhav",
    "rawvideo",
    "yuv4mpegpipe",
)
"""Containers that hold their pictures themselves; what lists other addresses is not among them."""

_SNAPSHOT = (
    "this address gives a single picture (a snapshot), not a stream: enter the camera's stream address, RTSP or MJPEG"
)
JPEG = b"\xff\xd8\xff"
_PICTURES = (JPEG, b"\x89PNG\r\n", b"GIF8")
_PAGE_MARKS = (b"<!doctype html", b"<html", b"<head")
_PAGE = (
    "there is a web page at this address, not a stream: enter the camera's stream address, "
    "often rtsp:// with a port of its own"
)
_TEXT = "the camera answers with text, not with a stream: check the path of the stream address"
_PLAYLIST = (
    "this address is an HLS playlist, which is read only where ingest.hls is true: enter the camera's RTSP address, "
    "or set ingest.hls"
)
_OTHER_LIST = "this address is a list of other addresses, which is not read: enter the address of the stream itself"
_LIST_TYPES = ("application/dash+xml", "audio/x-scpls", "video/x-ms-asf-playlist", "application/smil+xml")


def choose_format(stream: HttpStream, limits: ReadingLimits) -> str | None:
    """Return the answer's format by FFmpeg's name, "hls", or None where unknown. Raises `SourceUnavailable`."""
    first = stream.peek()
    text = first.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = stream.content_type
    if text.startswith(MARK.lower()) or "mpegurl" in kind:
        if limits.hls:
            return "hls"
        raise SourceUnavailable(_PLAYLIST)
    if kind in _LIST_TYPES or text.startswith((b"<mpd", b"[playlist]", b"[reference]", b"<asx", b"<smil", b"ffconcat")):
        raise SourceUnavailable(_OTHER_LIST)
    if kind.startswith("multipart/") or text.startswith((b"--", b"content-type: image/")):
        return JPEG_PARTS
    if first.startswith(_PICTURES):
        # Pictures one after the other need no frame around them; one with a length is all there is.
        if stream.length is None and first.startswith(JPEG):
            return JPEG_PARTS
        raise SourceUnavailable(_SNAPSHOT)
    if text.startswith(_PAGE_MARKS) or (_is_text(first) and "html" in kind):
        raise SourceUnavailable(_PAGE)
    if _is_text(first):
        raise SourceUnavailable(_TEXT)
    return None


def _is_text(first: bytes) -> bool:
    """Return whether only letters came. A type proves nothing: servers call text whose ending they do not know."""
    try:
        letters = first[:-3].decode() or first.decode()
    except UnicodeDecodeError:
        return False
    return bool(letters) and all(letter >= " " or letter in "\t\r\n" for letter in letters)


def refuse_single_picture(stream: JpegStream) -> None:
    """Raise `SourceUnavailable` where the answer was one picture and then ended."""
    if stream.ended and stream.pictures <= 1:
        raise SourceUnavailable(_SNAPSHOT)
