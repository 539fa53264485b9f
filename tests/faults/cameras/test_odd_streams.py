"""Live cameras whose numbers and clocks are odd and whose pictures are fine: watched, sampled, and free of damage."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from domain.cameras import Camera, SamplingMode, SamplingPlan, StreamStatus
from domain.errors import NoVideo
from ingest.read import stream_source
from ingest.read.open_stream import Deadlines
from ingest.supervise.camera_reader import CameraReader
from ingest.supervise.ipc import ReaderHandover
from ingest.supervise.reader_process import SupervisorClock
from ingest.supervise.send_buffer import SendBuffer
from simulation.cameras import rtp
from simulation.cameras.http_camera import repeat_at_rate, serve_jpeg_camera
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from tests.cameras.films import encode_access_units
from tests.cameras.source_reading import PATIENT, SHORT, SourceReading, read_source

FPS = 100.0
H265_LARGE = "keyint=10:bframes=0:repeat-headers=1:slices=2:qp=8:log-level=0:pools=1:frame-threads=1"
EACH_SECOND = SamplingPlan(SamplingMode.INTERVAL, interval_s=1.0)


def fast() -> rtp.PacketScript:
    """Return 120 pictures in 1.2 s."""
    return rtp.packetise_video(encode_access_units(120, gop=20), fps=FPS)


def make_all_tracks() -> rtp.PacketScript:
    return rtp.share_counter(rtp.add_audio(rtp.add_foreign_type(rtp.add_metadata(fast(), step=7))))


def make_long_with_metadata() -> rtp.PacketScript:
    # FFmpeg looks into a metadata track for five seconds before it opens the stream.
    return rtp.add_metadata(rtp.packetise_video(encode_access_units(200, gop=20)), step=5)


@dataclass(frozen=True)
class Odd:
    """A script, the pictures it holds and the tracks it describes."""

    script: Callable[[], rtp.PacketScript]
    pictures: int = 120
    audio: bool = False
    metadata: bool = False

    def read(self, plan: SamplingPlan) -> SourceReading:
        camera = ScriptedCamera(
            CameraBehaviour.PLAYS_AND_LEAVES, script=self.script, audio=self.audio, metadata=self.metadata
        )
        with serve_scripted_camera(camera):
            return read_source(camera.url, plan=plan, deadlines=Deadlines(open_s=15.0, video_s=5.0, picture_s=10.0))


HARMLESS = {
    "one counter for sound and video": Odd(lambda: rtp.share_counter(rtp.add_audio(fast())), audio=True),
    "metadata with gaps of its own": Odd(make_long_with_metadata, pictures=200, metadata=True),
    "a payload type nobody described": Odd(lambda: rtp.add_foreign_type(fast())),
    "a burst after a pause": Odd(lambda: rtp.hold_back(fast(), from_s=0.2, for_s=0.6)),
    "all at once": Odd(make_all_tracks, audio=True, metadata=True),
}


@pytest.mark.parametrize("odd", HARMLESS.values(), ids=HARMLESS)
def test_numbers_that_say_nothing_of_the_video_are_no_damage(odd: Odd) -> None:
    result = odd.read(SamplingPlan(SamplingMode.ALL))
    assert len(result.frames) == odd.pictures
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


@pytest.mark.parametrize("first", [0, 7, 20_000, 65_000])
def test_a_sequence_that_starts_again_is_no_gap_and_no_damage(first: int) -> None:
    # FFmpeg drops the first packet of the new count, and with it a picture or what decoding it needs.
    units = encode_access_units(120, gop=20)
    script = rtp.restart_numbers(rtp.packetise_video(units, fps=FPS), every_s=0.25, first=first)
    camera = ScriptedCamera(CameraBehaviour.PLAYS_AND_LEAVES, script=lambda: script)
    with serve_scripted_camera(camera):
        result = read_source(camera.url, deadlines=SHORT)
    assert len(result.frames) >= 108
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


@pytest.mark.parametrize("plan", [SamplingPlan(SamplingMode.ALL), SamplingPlan(SamplingMode.KEY_FRAMES)])
def test_pictures_that_are_lost_on_the_way_are_counted_whether_decoded_or_not(plan: SamplingPlan) -> None:
    result = Odd(lambda: rtp.drop_packets(fast(), every=17)).read(plan)
    assert result.counters.decode_errors >= 4


def number_missing_track(script: rtp.PacketScript) -> rtp.PacketScript:
    """Skip a number in every 20: the sound, which this camera neither describes nor sends, has it."""
    for index, packet in enumerate(script):
        yield replace(packet, number=index + index // 19)


def test_numbers_that_skip_are_no_damage_while_the_decoder_finds_none() -> None:
    result = Odd(lambda: number_missing_track(fast())).read(SamplingPlan(SamplingMode.ALL))
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


def test_losses_that_the_decoder_is_not_shown_are_counted_once_it_has_found_some() -> None:
    units = encode_access_units(200, codec="libx265", size=(640, 480), options={"x265-params": H265_LARGE})
    packets = sum(len(list(rtp.split_payloads(unit, rtp.VideoCodec.H265))) for unit in units)
    lossy = ScriptedCamera(
        CameraBehaviour.PLAYS_AND_LEAVES,
        encoding="H265/90000",
        script=lambda: rtp.drop_packets(rtp.packetise_video(units, fps=FPS, codec=rtp.VideoCodec.H265), every=30),
    )
    with serve_scripted_camera(lossy):
        result = read_source(lossy.url, plan=SamplingPlan(SamplingMode.KEY_FRAMES), deadlines=PATIENT)
    assert result.counters.frames_decoded <= 20
    assert result.counters.decode_errors >= packets / 30 / 3


def test_a_clock_a_hundred_times_too_slow_still_gives_a_picture_a_second() -> None:
    slow = ScriptedCamera(
        CameraBehaviour.PLAYS_AND_LEAVES,
        script=lambda: rtp.packetise_video(encode_access_units(175), fps=25.0, stamp_of=lambda index: index / 2500),
    )
    with serve_scripted_camera(slow):
        result = read_source(slow.url, plan=EACH_SECOND, deadlines=SHORT)
    assert len(result.frames) >= 5


def test_jpeg_pictures_slower_than_ffmpeg_assumes_are_sampled_by_the_second() -> None:
    # An APP1 that claims more bytes than there are: FFmpeg complains of each picture and decodes it whole.
    pictures = [
        unit[:2] + b"\xff\xe1\xff\xffExif\x00\x00" + unit[2:] for unit in encode_access_units(20, codec="mjpeg")
    ]
    began_s = time.monotonic()
    with serve_jpeg_camera(repeat_at_rate(pictures, 5.0)) as url:
        result = read_source(url, plan=EACH_SECOND, most=5)
    assert len(result.frames) == 5
    assert time.monotonic() - began_s < 20.0
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


def drop_key_frames(units: list[bytes], first: int) -> list[bytes]:
    """Return the units with nothing but parameter sets in the place of key frames before the `first`th."""
    parameters = b"".join(
        b"\x00\x00\x00\x01" + nal for nal in rtp.split_access_unit(units[0]) if nal[0] & 0x1F in (7, 8)
    )
    return [
        parameters + unit if index == 1 else unit for index, unit in enumerate(units) if index % 20 or index >= first
    ]


def test_a_stream_without_a_key_frame_is_waited_for_longer_than_one_that_cannot_be_decoded() -> None:
    units = drop_key_frames(encode_access_units(160, gop=20), first=120)
    camera = ScriptedCamera(CameraBehaviour.PLAYS_AND_LEAVES, script=lambda: rtp.packetise_video(units, fps=50.0))
    with serve_scripted_camera(camera):
        result = read_source(camera.url, deadlines=Deadlines(open_s=5.0, video_s=5.0, picture_s=0.5, key_s=30.0))
    assert len(result.frames) >= 30
    assert not isinstance(result.error, NoVideo)


def test_a_stream_that_never_sends_a_key_frame_ends_with_the_next_step() -> None:
    units = drop_key_frames(encode_access_units(160, gop=20), first=160)
    camera = ScriptedCamera(CameraBehaviour.PLAYS, script=lambda: rtp.packetise_video(units, fps=50.0))
    with serve_scripted_camera(camera):
        result = read_source(camera.url, deadlines=Deadlines(open_s=5.0, video_s=5.0, picture_s=0.3, key_s=1.0))
    assert isinstance(result.error, NoVideo)
    assert "no key frame" in str(result.error)
    assert "shorten the key-frame interval" in str(result.error)


def statuses(reader: CameraReader, buffer: SendBuffer, until: Callable[[StreamStatus], bool]) -> Iterator[StreamStatus]:
    """Yield a reader's statuses until one is as wanted; fails after half a minute."""
    end_s = time.monotonic() + 30.0
    while time.monotonic() < end_s:
        reader.tick()
        message = buffer.get(0.05)
        if isinstance(message, StreamStatus):
            yield message
            if until(message):
                return
    pytest.fail("no such status came")


def test_waiting_for_a_key_frame_is_said_while_it_lasts_and_is_no_dead_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_source, "KEY_WAIT_S", 0.4)
    units = drop_key_frames(encode_access_units(400, gop=20), first=100)
    buffer = SendBuffer(64 << 20)
    with serve_scripted_camera(
        ScriptedCamera(CameraBehaviour.PLAYS, script=lambda: rtp.packetise_video(units, fps=50.0))
    ) as camera:
        reader = CameraReader(
            Camera("gate", camera.url),
            SupervisorClock(),
            buffer,
            handover=ReaderHandover(),
            deadlines=Deadlines(picture_s=0.5),
        )
        reader.start()
        try:
            seen = list(statuses(reader, buffer, lambda status: status.state.value == "live"))
        finally:
            reader.stop()
    assert {status.state.value for status in seen} == {"connecting", "live"}
    waiting = [status.reason for status in seen if status.reason]
    assert waiting
    assert all("no key frame" in reason and "shorten" in reason for reason in waiting)
    assert seen[-1].last_picture_at is not None
