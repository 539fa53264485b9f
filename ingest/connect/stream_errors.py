"""What goes wrong with a stream, in words a guard understands: each with its next step, none with credentials."""

import errno
import re
import ssl
from collections.abc import Sequence
from enum import StrEnum

import av
import av.error
import av.logging

from domain.errors import CodecUnsupported, LoginRefused, NoVideo, OverLimit, SourceUnavailable
from ingest.limits import ReadingLimits, explain_size

FfmpegLog = Sequence[tuple[int, str, str]]
"""FFmpeg's messages of one call: (level, component, text)."""

DEFAULT_LIMITS = ReadingLimits()
NO_ANSWER = "the camera accepts the connection but does not answer: restart it, or check the port"
NO_VIDEO = "connected, but no video arrives"
CLOSED = "the camera closed the connection without an answer: check the port and the path, and whether it wants TLS"
UNKNOWN_CODEC = "the video's codec is not supported: choose H.264 or H.265 in the camera's settings"
AUDIO_ONLY = "the stream holds no video, only sound or data: choose the address of a video stream"
_CATCH_ALL = "reading the stream failed: check the address, then restart the camera"


class SourceKind(StrEnum):
    """What an address leads to; decides how an end is understood."""

    RTSP = "rtsp"
    HTTP = "http"
    FILE = "file"


_STATUS: dict[int, tuple[type[SourceUnavailable], str]] = {
    401: (LoginRefused, "the camera refused the login: check user and password"),
    403: (LoginRefused, "the camera forbids this user to watch: check user and rights"),
    404: (SourceUnavailable, "nothing at this address (404): check the path"),
    405: (SourceUnavailable, "the camera does not offer a stream at this address (405): check the path"),
    407: (SourceUnavailable, "a proxy asks for a login (407): enter the camera's own address"),
    408: (SourceUnavailable, "the camera gave up waiting (408): check the network between here and the camera"),
    410: (SourceUnavailable, "the stream was removed from this address (410): check the path"),
    453: (
        SourceUnavailable,
        "the camera has no bandwidth left for another session (453): is its number of sessions used up?",
    ),
    454: (SourceUnavailable, "the camera lost the session it had just opened (454): restart it or update its firmware"),
    459: (SourceUnavailable, "the camera cannot play this address track by track (459): check the path"),
    461: (
        SourceUnavailable,
        "the camera does not send video this way (461): set transport to udp for this camera, or to tcp if it is udp",
    ),
    500: (SourceUnavailable, "the camera reports an internal error (500): restart it"),
    501: (
        SourceUnavailable,
        "the camera does not know the request (501): check the stream address, update its firmware",
    ),
    503: (SourceUnavailable, "the camera is busy (503): is its number of sessions used up?"),
    505: (SourceUnavailable, "the camera does not speak this version of the protocol (505): update its firmware"),
    551: (SourceUnavailable, "the camera does not support an option of the request (551): update its firmware"),
}


def error_for_status(status: int) -> SourceUnavailable:
    """Return what an RTSP or HTTP answer of 300 or more means."""
    if status in _STATUS:
        meaning, reason = _STATUS[status]
        return meaning(reason)
    if 500 <= status < 600:
        return SourceUnavailable(f"the camera reports an error of its own ({status}): restart it")
    if 400 <= status < 500:
        return SourceUnavailable(
            f"the camera refused the session ({status}): is its number of sessions used up? Check the path too"
        )
    return SourceUnavailable(f"the camera gave an answer that is not understood ({status}): check the address")


def error_for_protocol(first: bytes, kind: SourceKind, secure: bool) -> SourceUnavailable:
    """Return what the first bytes of a port mean that does not speak the protocol asked for."""
    asked = ("rtsps" if secure else "rtsp") if kind is SourceKind.RTSP else ("https" if secure else "http")
    start = first.lstrip()[:5].upper()
    if start == b"HTTP/":
        return SourceUnavailable(
            f"this port speaks HTTP, not RTSP: enter the camera's RTSP port (often 554), "
            f"or write {'https' if secure else 'http'}:// instead of {asked}://"
        )
    if start == b"RTSP/":
        return SourceUnavailable(
            f"this port speaks RTSP, not HTTP: write {'rtsps' if secure else 'rtsp'}:// instead of {asked}://, "
            "or enter the camera's HTTP port"
        )
    if first[:1] in (b"\x15", b"\x16") and first[1:2] in (b"\x03", b""):
        return SourceUnavailable(f"this port speaks TLS: write {asked}s:// instead of {asked}://")
    return SourceUnavailable(
        "another service answers at this port, not a camera's stream: check the port (RTSP is often 554, HTTP 80)"
    )


def error_for_socket(error: OSError) -> SourceUnavailable:
    """Return what an error of our own connection means."""
    if isinstance(error, ssl.SSLError):
        if error.reason in ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"):
            return SourceUnavailable(
                "this port does not speak TLS: write rtsp:// instead of rtsps://, or http:// instead of https://"
            )
        return SourceUnavailable(
            "no encrypted connection could be made: check that this port speaks TLS, or use rtsp:// or http://"
        )
    if isinstance(error, TimeoutError):
        return SourceUnavailable("the camera does not answer: check its power, its network and its address")
    return SourceUnavailable(_REASONS.get(error.errno or 0, _CATCH_ALL))


_REASONS = {
    errno.ECONNREFUSED: "connection refused: nothing listens there; check the port and whether the camera is on",
    errno.EHOSTUNREACH: "host unreachable: check the camera's power, its network and its address",
    errno.ENETUNREACH: "network unreachable: check this machine's network",
    errno.ETIMEDOUT: "the camera does not answer: check its power, its network and its address",
    errno.ECONNRESET: "the connection was cut: check the network, then restart the camera",
    errno.ECONNABORTED: "the connection was cut: check the network, then restart the camera",
    errno.EPIPE: "the connection was cut: check the network, then restart the camera",
    errno.EADDRNOTAVAIL: "this address cannot be reached from this machine: check the camera's address",
    errno.EMFILE: "this machine has no room for another connection: raise its limit of open files",
    errno.ENFILE: "this machine has no room for another connection: raise its limit of open files",
    errno.ENOENT: "no such file: check the path",
    errno.ENOTDIR: "no such file: check the path",
    errno.EISDIR: "this is a folder, not a stream: enter the path of a recording",
    errno.EACCES: "permission denied: let this user read the file",
    errno.EPERM: "permission denied: let this user read the file",
    errno.ENAMETOOLONG: "the path is too long: shorten it",
    errno.EIO: "the stream broke off while it was read: check the network and the address",
    errno.ENOSPC: "this machine has no space left: free some, then it is read again",
}
_TOO_MANY_PIXELS = re.compile(r"Picture size (\d{1,9}x\d{1,9}) exceeds specified max pixel count")


def error_for_size(log: FfmpegLog, limits: ReadingLimits) -> OverLimit | None:
    """Return the refusal that FFmpeg's words on a picture too large ask for, None where there are none."""
    found = next((m for _, _, text in log if (m := _TOO_MANY_PIXELS.search(text)) is not None), None)
    return None if found is None else OverLimit(explain_size(found[1], limits))


def error_for_ffmpeg(
    error: Exception, kind: SourceKind, log: FfmpegLog = (), limits: ReadingLimits = DEFAULT_LIMITS
) -> SourceUnavailable:
    """Return what an error of FFmpeg means here, with a reason a guard understands and no credentials."""
    if isinstance(error, SourceUnavailable):
        return error
    known = error_for_size(log, limits) or _error_for_kind(error)
    if known is not None:
        return known
    texts = " ".join(text for _level, _name, text in log)
    if not _is_silence(error, texts):
        return _explain(error, kind, texts)
    return NoVideo(NO_VIDEO) if "Could not find codec parameters" in texts else SourceUnavailable(NO_ANSWER)


def _error_for_kind(error: Exception) -> SourceUnavailable | None:
    if isinstance(error, av.error.DecoderNotFoundError | av.error.PatchWelcomeError):
        return CodecUnsupported(UNKNOWN_CODEC)
    status = next((status for kind, status in _HTTP_ERRORS if isinstance(error, kind)), None)
    return None if status is None else error_for_status(status)


_HTTP_ERRORS: tuple[tuple[type[Exception], int], ...] = (
    (av.error.HTTPUnauthorizedError, 401),
    (av.error.HTTPForbiddenError, 403),
    (av.error.HTTPNotFoundError, 404),
    (av.error.HTTPBadRequestError, 400),
    (av.error.HTTPOtherClientError, 499),
    (av.error.HTTPServerError, 500),
)


def _is_silence(error: Exception, texts: str) -> bool:
    if isinstance(error, av.error.ExitError | TimeoutError):
        return True
    return "Failed reading RTSP data" in texts and isinstance(error, av.error.InvalidDataError)


def _explain(error: Exception, kind: SourceKind, texts: str) -> SourceUnavailable:
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return OverLimit(
            "the stream needs more memory than a reading process may use: choose a smaller resolution in the camera, "
            "or raise ingest.max_memory_mb"
        )
    if isinstance(error, OSError) and number in _REASONS:
        return SourceUnavailable(_REASONS[number])
    if isinstance(error, av.error.EOFError):
        return SourceUnavailable(
            "the recording is empty or cut off: check the file" if kind is SourceKind.FILE else CLOSED
        )
    if "moov atom not found" in texts:
        return SourceUnavailable(
            "not a video, or cut off before its index was written: repair the file, or copy it again"
        )
    if isinstance(error, av.error.InvalidDataError) or "not on whitelist" in texts:
        return SourceUnavailable(
            "not a video, or damaged: check that this is a recording and that it plays elsewhere"
            if kind is SourceKind.FILE
            else "the answer is no video stream: check the address, and that the stream plays elsewhere"
        )
    return SourceUnavailable(_CATCH_ALL)
