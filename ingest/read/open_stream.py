"""Opens a stream: the camera's connection is ours, FFmpeg reads from it, and every refusal is in plain words."""

from dataclasses import dataclass
from typing import Any

import av
import av.error
import av.logging
from av.container import InputContainer
from av.video.stream import VideoStream

from domain.cameras import Camera, RtspTransport
from domain.errors import CodecUnsupported, OverLimit, SourceUnavailable
from domain.text.camera_urls import clean_camera_url, split_credentials
from ingest.connect.authentication import Login
from ingest.connect.endpoints import Endpoint, parse_endpoint
from ingest.connect.stream_errors import AUDIO_ONLY, UNKNOWN_CODEC, FfmpegLog, SourceKind, error_for_ffmpeg
from ingest.http_video.formats import HTTP_FORMATS, JPEG_PARTS, choose_format, refuse_single_picture
from ingest.http_video.hls_stream import PlaylistStream
from ingest.http_video.http_stream import HttpClient, HttpStream
from ingest.http_video.jpeg_stream import JpegStream
from ingest.limits import ByteBudget, Deadlines, ReadingLimits, check_picture_size
from ingest.read.recordings import (
    COVER_ONLY,
    FILE_SCHEME,
    choose_track,
    detect_raw_format,
    find_file_path,
    find_film_tracks,
    refuse_unreadable,
)
from ingest.rtsp.relay import RtspRelay

__all__ = [
    "Deadlines",
    "FfmpegLog",
    "OpenedStream",
    "SourceKind",
    "capture_ffmpeg_log",
    "error_for_ffmpeg",
    "ffmpeg_options",
    "find_source_kind",
    "open_stream",
]

DEFAULT_LIMITS = ReadingLimits()
Link = RtspRelay | HttpStream | JpegStream | PlaylistStream | None
"""The relay between FFmpeg and the camera; None for a file."""


@dataclass(frozen=True, slots=True)
class OpenedStream:
    """An open container, and its video stream whose decoder is ready."""

    container: InputContainer
    video: VideoStream
    finite: bool
    budget: ByteBudget
    """To be renewed with each packet of the video."""
    link: Link = None

    @property
    def lost_packets(self) -> int:
        """How many gaps the RTP sequence of the video showed so far, a camera's claim; 0 where none is seen."""
        return self.link.losses.count if isinstance(self.link, RtspRelay) else 0

    def raise_refusal(self) -> None:
        """Raise what our side of the connection knows of its end, where FFmpeg only saw it end."""
        known = _find_refusal(self.link)
        if known is not None:
            raise known

    def close(self) -> None:
        """End the session. Returns when the camera's connection is closed."""
        self.container.close()
        if self.link is not None:
            self.link.close()


def find_source_kind(url: str) -> SourceKind:
    """Return the kind of an address that passed `domain.text.camera_urls.clean_camera_url`."""
    scheme = url.partition("://")[0].lower() if "://" in url else "file"
    return {"rtsp": SourceKind.RTSP, "rtsps": SourceKind.RTSP, "http": SourceKind.HTTP, "https": SourceKind.HTTP}.get(
        scheme, SourceKind.FILE
    )


def ffmpeg_options(
    kind: SourceKind, transport: RtspTransport, deadlines: Deadlines, limits: ReadingLimits = DEFAULT_LIMITS
) -> dict[str, str]:
    """Return FFmpeg's options. Unknown ones pass silently, so these are FFmpeg 8's names; times in microseconds.

    The protocol lists keep a session description or a file from reading what nobody configured.
    """
    size = {"max_pixels": str(limits.max_pixels)}
    # A camera's frame rate is measured, not guessed: probing for it would cost seconds at each connection.
    probing = {"fpsprobesize": "0", **size}
    match kind:
        case SourceKind.RTSP:
            timeout_us = str(int(deadlines.video_s * 1e6))
            wire = {"rtsp_transport": transport.value, "timeout": timeout_us, "protocol_whitelist": "rtp,srtp,udp,tcp"}
            # No queue for reordering over TCP: a sequence that restarts would stop the video, one shared with the sound
            # would read as loss.
            return {**probing, **wire}
        case SourceKind.HTTP:
            return {**probing, "protocol_whitelist": "none", "format_whitelist": ",".join(HTTP_FORMATS)}
        case SourceKind.FILE:
            # A name like `%03d.png` is a name, not a series of pictures.
            return {**size, "protocol_whitelist": "file,crypto,data", "pattern_type": "none"}


def open_stream(camera: Camera, deadlines: Deadlines, limits: ReadingLimits = DEFAULT_LIMITS) -> OpenedStream:
    """Open the camera's stream and prepare its decoder: one thread, quantisers exported.

    Raises `SourceUnavailable` or one of its kinds. The caller closes the session.
    """
    kind = find_source_kind(camera.url)
    opening = _Opening(kind, ffmpeg_options(kind, camera.transport, deadlines, limits), deadlines, limits)
    if kind is SourceKind.FILE:
        return _open_file(opening, _check_file_path(camera))
    url = clean_camera_url(camera.url, where=f"camera {camera.name}")
    endpoint, login = parse_endpoint(url), Login(*split_credentials(url))
    if kind is SourceKind.HTTP:
        return _open_http(opening, HttpClient(endpoint, login, limits, deadlines, opening.budget))
    return _open_rtsp(opening, camera, endpoint, login)


def _open_rtsp(
    opening: "_Opening", camera: Camera, endpoint: Endpoint, login: Login, preferred_type: int | None = None
) -> OpenedStream:
    """Open a session; a second one where the first showed that the camera sends another type than it names first."""
    relay = RtspRelay(
        endpoint,
        login,
        camera.transport,
        limits=opening.limits,
        deadlines=opening.deadlines,
        budget=opening.budget,
        preferred_type=preferred_type,
    )
    address = relay.start()
    try:
        session = opening.open_container(address, link=relay)
    except SourceUnavailable:
        relay.close()
        if preferred_type is not None or relay.preferred_type is None:
            raise
    except BaseException:
        relay.close()
        raise
    else:
        if preferred_type is not None or relay.preferred_type is None:
            return session
        session.close()
    return _open_rtsp(opening, camera, endpoint, login, relay.preferred_type)


def _check_file_path(camera: Camera) -> str:
    named = camera.url.startswith(FILE_SCHEME)
    path = find_file_path(camera.url if named else clean_camera_url(camera.url, where=f"camera {camera.name}"))
    refuse_unreadable(path)
    return path


def _open_file(opening: "_Opening", path: str) -> OpenedStream:
    """Open a file as FFmpeg takes it, or as the bare stream that it is although FFmpeg's guess does not know it."""
    # With `file:` before its path no name reads as a protocol.
    address = f"file:{path}"
    try:
        return opening.open_container(address)
    except (CodecUnsupported, OverLimit):
        raise
    except SourceUnavailable:
        name = detect_raw_format(path)
        if name is None:
            raise
    return opening.open_container(address, name=name)


def _open_http(opening: "_Opening", client: HttpClient) -> OpenedStream:
    stream = client.open(client.root)
    try:
        name = choose_format(stream, client.limits)
        if name == JPEG_PARTS:
            pictures = JpegStream(stream)
            return opening.open_container(pictures, link=pictures, name=name)
        if name != "hls":
            return opening.open_container(stream, link=stream, name=name)
        return _open_playlist(opening, PlaylistStream(client, stream))
    except BaseException:
        stream.close()
        raise


def _open_playlist(opening: "_Opening", playlist: PlaylistStream) -> OpenedStream:
    try:
        return opening.open_container(playlist, link=playlist)
    except BaseException:
        playlist.close()
        raise


class _Opening:
    """One attempt to open a container."""

    def __init__(self, kind: SourceKind, options: dict[str, str], deadlines: Deadlines, limits: ReadingLimits) -> None:
        self.options = options
        self.budget = ByteBudget(limits.max_picture_bytes)
        self._kind = kind
        self.deadlines = deadlines
        self.limits = limits

    def open_container(self, file: Any, *, link: Link = None, name: str | None = None) -> OpenedStream:
        """Return the open stream. Raises `SourceUnavailable`."""
        capture_ffmpeg_log()
        log: list[tuple[int, str, str]] = []
        try:
            with av.logging.Capture() as log:
                container = av.open(
                    file,
                    mode="r",
                    format=name,
                    options=self.options,
                    timeout=(self.deadlines.open_s, self.deadlines.video_s),
                    metadata_errors="replace",
                )
        except (SourceUnavailable, av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise _find_refusal(link) or error_for_ffmpeg(error, self._kind, log, self.limits) from None
        try:
            video = _prepare(container, self.limits, link)
            return OpenedStream(container, video, self._is_finite(container, link), self.budget, link)
        except BaseException:
            container.close()
            raise

    def _is_finite(self, container: InputContainer, link: Link) -> bool:
        if isinstance(link, PlaylistStream):
            return link.finite
        if isinstance(link, HttpStream) and link.seekable():
            return True
        return self._kind is SourceKind.FILE or container.duration is not None


def _find_refusal(link: Link) -> SourceUnavailable | None:
    """Return what our side of the connection knows; FFmpeg sees only that it ended."""
    if isinstance(link, RtspRelay):
        link.close()
    return None if link is None else link.refusal


def capture_ffmpeg_log() -> None:
    """Let FFmpeg's warnings and errors reach `av.logging.Capture`; each one counts, repeated or not."""
    if av.logging.get_level() != av.logging.WARNING:
        av.logging.set_level(av.logging.WARNING)
        av.logging.set_skip_repeated(False)


NO_VIDEO_FORMATS = frozenset({"tty", "concat", "sdp", "lavfi"})
"""What FFmpeg can read as video and nobody means: text as a terminal's picture, lists that name other files."""


def _prepare(container: InputContainer, limits: ReadingLimits, link: Link) -> VideoStream:
    if container.format.name in NO_VIDEO_FORMATS:
        raise SourceUnavailable("not a video: check that this is a recording and that it plays elsewhere")
    if isinstance(link, JpegStream):
        refuse_single_picture(link)
    films = find_film_tracks(container)
    if not films:
        raise SourceUnavailable(COVER_ONLY if container.streams.video else AUDIO_ONLY)
    pictures = [stream for stream in films if stream.codec_context is not None]
    if not pictures:
        raise CodecUnsupported(_name_codecs(link))
    video = choose_track(pictures)
    check_picture_size(video.codec_context.width, video.codec_context.height, limits)
    # The default starts a thread per core for every stream.
    video.codec_context.thread_count = 1
    video.codec_context.options = {"export_side_data": "venc_params", "max_pixels": str(limits.max_pixels)}
    return video


def _name_codecs(link: Link) -> str:
    if isinstance(link, RtspRelay) and link.description.video_codecs:
        names = ", ".join(link.description.video_codecs)
        return (
            f"the camera sends video as {names}, a codec that is not supported: choose H.264 or H.265 in its settings"
        )
    return UNKNOWN_CODEC
