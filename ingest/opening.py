"""Opens a stream with FFmpeg: options by kind of address, and every refusal told in words that hold no credentials."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import av
import av.error
import av.logging
from av.container import InputContainer
from av.video.stream import VideoStream

from domain.errors import CodecUnsupported, LoginRefused, NoVideo, SourceUnavailable
from domain.streams import Camera, RtspTransport
from domain.urls import checked, redacted

Log = Sequence[tuple[int, str, str]]
"""FFmpeg's messages of one call: (level, component, text)."""


class Kind(StrEnum):
    """What an address leads to; decides how an end is understood."""

    RTSP = "rtsp"
    HTTP = "http"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which a silent stream is given up.

    `picture_s` bounds key frames that never become a picture, `key_s` packets among which no key frame comes.
    """

    open_s: float = 10.0
    video_s: float = 10.0
    picture_s: float = 60.0
    key_s: float = 180.0


@dataclass(frozen=True, slots=True)
class Opened:
    """An open container, and its video stream whose decoder is ready."""

    container: InputContainer
    video: VideoStream
    finite: bool


def kind_of(url: str) -> Kind:
    """Return the kind of an address that passed `domain.urls.checked`."""
    scheme = url.partition("://")[0].lower() if "://" in url else "file"
    return {"rtsp": Kind.RTSP, "rtsps": Kind.RTSP, "http": Kind.HTTP, "https": Kind.HTTP}.get(scheme, Kind.FILE)


def options_for(kind: Kind, transport: RtspTransport, deadlines: Deadlines) -> dict[str, str]:
    """Return FFmpeg's options. Unknown ones pass silently, so these are FFmpeg 8's names; times in microseconds.

    The protocol lists keep a playlist or a session description from reading what nobody configured.
    """
    timeout_us = str(int(deadlines.video_s * 1e6))
    # A camera's frame rate is measured, not guessed: probing for it would cost seconds at each connection.
    probing = {"fpsprobesize": "0"}
    match kind:
        case Kind.RTSP:
            protocols = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto"
            wire = {"rtsp_transport": transport.value, "timeout": timeout_us, "protocol_whitelist": protocols}
            # No queue for reordering over TCP: a sequence that restarts would stop the video, one shared with the sound
            # would read as loss.
            return {**probing, **wire}
        case Kind.HTTP:
            return {**probing, "timeout": timeout_us, "protocol_whitelist": "http,https,tls,tcp,crypto,data,httpproxy"}
        case Kind.FILE:
            return {"protocol_whitelist": "file,crypto,data"}


def opened(camera: Camera, deadlines: Deadlines) -> Opened:
    """Open the camera's stream and prepare its decoder: one thread, quantisers exported.

    Raises `SourceUnavailable`, `NoVideo`, `LoginRefused` or `CodecUnsupported`. The caller closes the container.
    """
    url = checked(camera.url, where=f"camera {camera.name}")
    kind = kind_of(url)
    address = url.removeprefix("file://") if kind is Kind.FILE else url
    listen()
    log: list[tuple[int, str, str]] = []
    try:
        with av.logging.Capture() as log:
            container = av.open(
                address,
                options=options_for(kind, camera.transport, deadlines),
                timeout=(deadlines.open_s, deadlines.video_s),
                metadata_errors="replace",
            )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise refusal(error, kind, log) from None
    try:
        return Opened(container, _prepared(container), kind is Kind.FILE or container.duration is not None)
    except BaseException:
        container.close()
        raise


def listen() -> None:
    """Let FFmpeg's warnings and errors reach `av.logging.Capture`; each one counts, repeated or not."""
    if av.logging.get_level() != av.logging.WARNING:
        av.logging.set_level(av.logging.WARNING)
        av.logging.set_skip_repeated(False)


NO_VIDEO_FORMATS = frozenset({"tty", "concat", "sdp", "lavfi"})
"""What FFmpeg can read as video and nobody means: text as a terminal's picture, lists that name other files."""


def _prepared(container: InputContainer) -> VideoStream:
    if container.format.name in NO_VIDEO_FORMATS:
        raise SourceUnavailable("not a video")
    if not container.streams.video:
        raise SourceUnavailable("the stream holds no video")
    pictures = [stream for stream in container.streams.video if stream.codec_context is not None]
    if not pictures:
        raise CodecUnsupported("the video's codec is not supported")
    video = pictures[0]
    # The default starts a thread per core for every stream.
    video.codec_context.thread_count = 1
    video.codec_context.options = {"export_side_data": "venc_params"}
    return video


_ANSWERS: tuple[tuple[type[Exception], type[SourceUnavailable], str], ...] = (
    (av.error.HTTPUnauthorizedError, LoginRefused, "the camera refused the login: check user and password"),
    (av.error.HTTPForbiddenError, LoginRefused, "the camera forbids this user to watch: check user and rights"),
    (av.error.HTTPNotFoundError, SourceUnavailable, "nothing at this address (404): check the path"),
    (
        av.error.HTTPOtherClientError,
        SourceUnavailable,
        "the camera refused the session: is its number of sessions used up?",
    ),
    (av.error.DecoderNotFoundError, CodecUnsupported, "the video's codec is not supported"),
)


def refusal(error: Exception, kind: Kind, log: Log = ()) -> SourceUnavailable:
    """Return what an error of FFmpeg means here, with a reason a guard understands and no credentials."""
    for answer, meaning, reason in _ANSWERS:
        if isinstance(error, answer):
            return meaning(reason)
    texts = " ".join(text for _level, _name, text in log)
    if "Failed to resolve hostname" in texts:
        return SourceUnavailable("unknown host: the name cannot be resolved")
    if not _silent(error, texts):
        return SourceUnavailable(_told(error, kind, log))
    if "Could not find codec parameters" in texts:
        return NoVideo("connected, but no video arrives")
    return SourceUnavailable("the camera accepts the connection but does not answer")


def _silent(error: Exception, texts: str) -> bool:
    if isinstance(error, av.error.ExitError | TimeoutError):
        return True
    return "Failed reading RTSP data" in texts and isinstance(error, av.error.InvalidDataError)


_REASONS = {
    errno.ECONNREFUSED: "connection refused: nothing listens there",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable",
    errno.ECONNRESET: "the connection was cut",
    errno.EPIPE: "the connection was cut",
    errno.ENOENT: "no such file",
    errno.EISDIR: "this is a folder, not a stream",
    errno.EACCES: "permission denied",
}


def _told(error: Exception, kind: Kind, log: Log) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number in _REASONS:
        return _REASONS[number]
    if isinstance(error, av.error.InvalidDataError):
        detail = next((text.strip() for level, _name, text in log if level <= av.logging.ERROR), "")
        what = "not a video, or damaged" if kind is Kind.FILE else "the answer is no video stream"
        return redacted(f"{what}: {detail}" if detail else what)
    text = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return redacted(text)
