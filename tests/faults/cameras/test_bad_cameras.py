"""Cameras that misbehave: each ends with its own reason, soon, and without a word of its credentials."""

import time

import pytest

from domain.errors import CodecUnsupported, LoginRefused, NoVideo, SourceUnavailable
from ingest.read.open_stream import Deadlines
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from tests.cameras.films import encode_access_units
from tests.cameras.source_reading import ALL, SHORT, read_source

TICKS = 3600


def add_timestamps(units: list[bytes]) -> list[tuple[int, bytes]]:
    """Return access units with timestamps 40 ms apart, in ticks of 90 kHz."""
    return [(index * TICKS, unit) for index, unit in enumerate(units)]


def test_an_unknown_host_is_named_as_such() -> None:
    result = read_source("rtsp://guard:hunter2@no-such-host.invalid/x", deadlines=SHORT)
    assert type(result.error) is SourceUnavailable
    assert "unknown host" in str(result.error)
    assert "hunter2" not in str(result.error)


def test_a_port_where_nothing_listens_is_refused_at_once() -> None:
    result = read_source("rtsp://guard:hunter2@127.0.0.1:1/x", deadlines=SHORT)
    assert "connection refused" in str(result.error)


@pytest.mark.parametrize("manner", [CameraBehaviour.SAYS_NOTHING, CameraBehaviour.HALF_OPEN])
def test_a_camera_that_stops_answering_is_given_up_at_its_deadline(manner: CameraBehaviour) -> None:
    with serve_scripted_camera(ScriptedCamera(manner)) as camera:
        began_s = time.monotonic()
        result = read_source(camera.url, deadlines=SHORT)
        assert time.monotonic() - began_s < 8.0
    assert type(result.error) is SourceUnavailable
    assert "does not answer" in str(result.error)


@pytest.mark.parametrize("manner", [CameraBehaviour.REFUSES, CameraBehaviour.FORBIDS])
def test_a_refused_login_is_distinguished_from_an_absent_camera(manner: CameraBehaviour) -> None:
    with serve_scripted_camera(ScriptedCamera(manner)) as camera:
        result = read_source(camera.url.replace("//", "//guard:hunter2@"), deadlines=SHORT)
    assert type(result.error) is LoginRefused
    assert "hunter2" not in str(result.error)


def test_one_attempt_shows_the_password_once_only() -> None:
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.REFUSES)) as camera:
        read_source(camera.url.replace("//", "//guard:hunter2@"), deadlines=SHORT)
        described = [request for request in camera.requests if request.startswith("DESCRIBE")]
    assert len(described) <= 2


def test_a_camera_that_plays_and_sends_nothing_is_connected_without_video() -> None:
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.PLAYS)) as camera:
        result = read_source(camera.url, deadlines=SHORT)
    assert type(result.error) is NoVideo


def test_live_audio_does_not_hide_dead_video() -> None:
    with serve_scripted_camera(
        ScriptedCamera(CameraBehaviour.PLAYS, video=add_timestamps(encode_access_units(10)), audio=True)
    ) as camera:
        began_s = time.monotonic()
        result = read_source(camera.url, deadlines=SHORT)
        assert time.monotonic() - began_s < 30.0
    assert len(result.frames) >= 9
    assert type(result.error) is NoVideo


def test_a_stream_that_ends_is_lost_not_finished() -> None:
    with serve_scripted_camera(
        ScriptedCamera(CameraBehaviour.PLAYS_AND_LEAVES, video=add_timestamps(encode_access_units(10)))
    ) as camera:
        result = read_source(camera.url, deadlines=SHORT)
    assert len(result.frames) >= 9
    assert type(result.error) is SourceUnavailable


def test_garbage_instead_of_video_is_no_picture() -> None:
    noise = [(index * TICKS, b"\x00\x00\x00\x01\x65" + bytes(range(1, 200))) for index in range(2000)]
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.PLAYS, video=noise)) as camera:
        result = read_source(camera.url, deadlines=Deadlines(open_s=1.5, video_s=1.0, picture_s=1.0))
    assert result.frames == []
    assert type(result.error) is NoVideo


def test_a_codec_nobody_decodes_is_not_called_no_frames() -> None:
    with serve_scripted_camera(
        ScriptedCamera(CameraBehaviour.PLAYS, encoding="H267/90000", video=add_timestamps([b"\x00\x00\x01abc"] * 50))
    ) as camera:
        result = read_source(camera.url, deadlines=SHORT)
    assert type(result.error) is CodecUnsupported
    assert "codec" in str(result.error)


def test_a_change_of_resolution_is_counted_and_both_sizes_arrive() -> None:
    units = encode_access_units(10, size=(160, 96)) + encode_access_units(10, size=(96, 64))
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.PLAYS_AND_LEAVES, video=add_timestamps(units))) as camera:
        result = read_source(camera.url, plan=ALL, deadlines=SHORT)
    sizes = [(frame.format.width, frame.format.height) for frame in result.frames]
    assert set(sizes) == {(160, 96), (96, 64)}
    assert result.counters.resolution_changes == 1


def test_a_clock_that_jumps_back_leaves_the_order_to_the_sequence() -> None:
    units = encode_access_units(40, gop=10)
    stamps = [index * TICKS + (900_000 if index < 20 else 0) for index in range(40)]
    with serve_scripted_camera(
        ScriptedCamera(CameraBehaviour.PLAYS_AND_LEAVES, video=list(zip(stamps, units, strict=True)))
    ) as camera:
        result = read_source(camera.url, plan=ALL, deadlines=SHORT)
    assert [frame.ref.sequence for frame in result.frames] == list(range(len(result.frames)))
    assert len(result.frames) >= 38
    times = [frame.ref.received_at for frame in result.frames]
    assert times == sorted(times)


def test_lost_packets_are_counted_and_the_pictures_go_on() -> None:
    units = add_timestamps(encode_access_units(40, gop=10))
    with serve_scripted_camera(ScriptedCamera(CameraBehaviour.PLAYS_AND_LEAVES, video=units, lose_every=7)) as camera:
        result = read_source(camera.url, plan=ALL, deadlines=SHORT)
    assert result.counters.decode_errors >= 3
    assert len(result.frames) >= 20
