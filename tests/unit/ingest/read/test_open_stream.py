"""Options by kind of address, and what FFmpeg's errors mean."""

import av.error
import pytest

from domain.cameras import RtspTransport
from domain.errors import CodecUnsupported, LoginRefused, NoVideo, SourceUnavailable
from ingest.read.open_stream import Deadlines, SourceKind, error_for_ffmpeg, ffmpeg_options, find_source_kind


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://h/x", SourceKind.RTSP),
        ("RTSPS://h/x", SourceKind.RTSP),
        ("http://h/x.m3u8", SourceKind.HTTP),
        ("https://h/x.ts", SourceKind.HTTP),
        ("file:///films/x.mp4", SourceKind.FILE),
        ("films/x.mp4", SourceKind.FILE),
    ],
)
def test_the_address_tells_the_kind(url: str, kind: SourceKind) -> None:
    assert find_source_kind(url) is kind


def test_tcp_is_asked_for_by_default_and_timeouts_are_in_microseconds() -> None:
    options = ffmpeg_options(SourceKind.RTSP, RtspTransport.TCP, Deadlines(video_s=2.5))
    assert options["rtsp_transport"] == "tcp"
    assert options["timeout"] == "2500000"


@pytest.mark.parametrize("kind", [SourceKind.RTSP, SourceKind.HTTP])
def test_a_stream_from_the_network_cannot_name_local_files(kind: SourceKind) -> None:
    options = ffmpeg_options(kind, RtspTransport.TCP, Deadlines())
    assert "file" not in options["protocol_whitelist"].split(",")


def test_a_file_cannot_reach_the_network() -> None:
    protocols = ffmpeg_options(SourceKind.FILE, RtspTransport.TCP, Deadlines())["protocol_whitelist"].split(",")
    assert not {"http", "tcp", "udp", "rtp"} & set(protocols)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (av.error.HTTPUnauthorizedError(1, "x"), LoginRefused),
        (av.error.HTTPForbiddenError(1, "x"), LoginRefused),
        (av.error.HTTPNotFoundError(1, "x"), SourceUnavailable),
        (av.error.DecoderNotFoundError(1, "x"), CodecUnsupported),
        (av.error.ExitError(1, "x"), SourceUnavailable),
        (ConnectionRefusedError(111, "Connection refused"), SourceUnavailable),
    ],
)
def test_each_error_of_ffmpeg_has_one_meaning(error: Exception, meaning: type[SourceUnavailable]) -> None:
    assert type(error_for_ffmpeg(error, SourceKind.RTSP)) is meaning


def test_parameters_that_never_came_mean_connected_without_video() -> None:
    log = [(24, "rtsp", "Could not find codec parameters for stream 0 (Video: h264, none): unspecified size")]
    assert type(error_for_ffmpeg(av.error.ExitError(1, "x"), SourceKind.RTSP, log)) is NoVideo


def test_ffmpegs_own_words_are_not_reported() -> None:
    log = [(16, "tcp", "cannot read rtsp://guard:secret@camera/x\n")]
    told = str(error_for_ffmpeg(av.error.InvalidDataError(1, "x"), SourceKind.HTTP, log))
    assert "secret" not in told
    assert "cannot read" not in told
    assert "check the address" in told
