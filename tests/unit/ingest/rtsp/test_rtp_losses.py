"""Gaps in RTP's numbers: real losses count, every other way of counting does not; on the bytes a camera sends."""

import itertools
import random
from collections.abc import Iterable

import pytest

from ingest.rtsp.rtp_losses import RtpLosses
from simulation.cameras import rtp

DESCRIPTION = (
    b"v=0\r\nm=application 0 RTP/AVP 107\r\na=control:metadata\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:video\r\n"
    b"m=audio 0 RTP/AVP 0\r\na=control:audio\r\n"
)
UNITS = [b"\x00\x00\x01" + bytes([0x65]) + bytes(5000)] * 400


def gaps(packets: Iterable[rtp.RtpPacket], *, chunk: int = 7) -> int:
    losses = RtpLosses()
    losses.describe(DESCRIPTION)
    for track, channel in (("metadata", 4), ("video", 0), ("audio", 2)):
        losses.set_up(f"rtsp://127.0.0.1:1/cam/{track}", f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}")
    wire = [packet.wire() for packet in packets]
    for start in range(0, len(wire), chunk):
        losses.follow(b"".join(wire[start : start + chunk]))
    return losses.count


def healthy() -> rtp.PacketScript:
    return rtp.packetise_video(UNITS, fps=25.0)


def test_each_lost_packet_is_one_gap() -> None:
    total = sum(1 for _ in healthy())
    assert gaps(rtp.drop_packets(healthy(), every=50)) == pytest.approx(total / 50, abs=2)


def test_a_second_that_is_lost_as_a_whole_is_one_gap() -> None:
    assert gaps(packet for packet in healthy() if not 3.0 <= packet.at_s < 4.0) == 1


@pytest.mark.parametrize(
    "script",
    [
        healthy(),
        rtp.add_audio(healthy()),
        rtp.share_counter(rtp.add_audio(healthy())),
        rtp.share_counter(rtp.add_metadata(rtp.add_audio(healthy()))),
        rtp.share_counter(rtp.add_foreign_type(healthy())),
        rtp.add_foreign_type(healthy()),
        rtp.add_metadata(healthy(), step=9),
        rtp.restart_numbers(healthy(), every_s=1.3, first=0),
        rtp.restart_numbers(healthy(), every_s=1.3, first=40_000),
        rtp.drop_packets(rtp.add_audio(healthy()), every=10**9),
    ],
)
def test_every_other_way_of_counting_is_no_gap(script: rtp.PacketScript) -> None:
    assert gaps(script) == 0


def test_numbers_that_go_up_by_two_are_soon_the_cameras_way() -> None:
    doubled = (packet for number, packet in enumerate(healthy()) if number % 2)
    assert gaps(doubled) <= 16


def test_packets_that_come_late_are_not_lost() -> None:
    packets = list(itertools.islice(healthy(), 600))
    for index in range(20, 580, 20):
        packets[index], packets[index + 9] = packets[index + 9], packets[index]
    assert gaps(packets) == 0


def test_the_wrap_around_of_the_numbers_is_no_gap() -> None:
    whole = list(itertools.islice(healthy(), 1500))
    shifted = [rtp.RtpPacket(p.at_s, p.stamp, p.number + 65_000, p.payload, p.marker) for p in whole]
    assert gaps(shifted) == 0
    assert gaps(packet for packet in shifted if packet.number & 0xFFFF not in (0, 65_535)) == 1


def test_a_single_track_needs_no_name() -> None:
    losses = RtpLosses()
    losses.describe(b"v=0\r\nm=video 0 RTP/AVP 96\r\n")
    losses.set_up("rtsp://127.0.0.1:1/cam", "RTP/AVP/TCP;unicast;interleaved=0-1")
    losses.follow(b"".join(packet.wire() for packet in rtp.drop_packets(healthy(), every=50)))
    assert losses.count > 10


@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_are_borne(seed: int) -> None:
    rng = random.Random(seed)
    losses = RtpLosses()
    losses.describe(rng.randbytes(300) + b"\r\nm=video x y 96 999999999999\r\na=control:\r\n")
    losses.set_up(rng.randbytes(20).decode("latin-1"), "interleaved=999;interleaved=")
    losses.follow(rng.randbytes(3000))
    assert losses.count == 0, "noise is no loss of a track that was never set up"
