"""Options by kind of address, and what FFmpeg's errors mean."""

import av.error
import pytest

from domain.errors import CodecUnsupported, LoginRefused, NoVideo, SourceUnavailable
from domain.streams import RtspTransport
from ingest.opening import Deadlines, Kind, kind_of, options_for, refusal


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://h/x", Kind.RTSP),
        ("RTSPS://h/x", Kind.RTSP),
        ("http://h/x.m3u8", Kind.HTTP),
        ("https://h/x.ts", Kind.HTTP),
        ("file:///films/x.mp4", Kind.FILE),
        ("films/x.mp4", Kind.FILE),
    ],
)
def test_the_address_tells_the_kind(url: str, kind: Kind) -> None:
    assert kind_of(url) is kind


def test_tcp_is_asked_for_by_default_and_timeouts_are_in_microseconds() -> None:
    options = options_for(Kind.RTSP, RtspTransport.TCP, Deadlines(video_s=2.5))
    assert options["rtsp_transport"] == "tcp"
    assert options["timeout"] == "2500000"


@pytest.mark.parametrize("kind", [Kind.RTSP, Kind.HTTP])
def test_a_stream_from_the_network_cannot_name_local_files(kind: Kind) -> None:
    options = options_for(kind, RtspTransport.TCP, Deadlines())
    assert "file" not in options["protocol_whitelist"].split(",")


def test_a_file_cannot_reach_the_network() -> None:
    protocols = options_for(Kind.FILE, RtspTransport.TCP, Deadlines())["protocol_whitelist"].split(",")
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
    assert type(refusal(error, Kind.RTSP)) is meaning


def test_parameters_that_never_came_mean_connected_without_video() -> None:
    log = [(24, "rtsp", "Could not find codec parameters for stream 0 (Video: h264, none): unspecified size")]
    assert type(refusal(av.error.ExitError(1, "x"), Kind.RTSP, log)) is NoVideo


def test_ffmpegs_own_words_are_not_told() -> None:
    log = [(16, "tcp", "cannot read rtsp://guard:secret@camera/x\n")]
    told = str(refusal(av.error.InvalidDataError(1, "x"), Kind.HTTP, log))
    assert "secret" not in told
    assert "cannot read" not in told
    assert "check the address" in told
