"""Cameras that are careless with RTSP, as viewers put up with: each is read, or its trouble is named."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from simulation.cameras import rtp
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from tests.cameras.answering_server import Answer, AnswerPart, ReceivedRequest, make_rtsp_answer, serve_answers
from tests.cameras.films import encode_access_units
from tests.cameras.source_reading import PATIENT, read_source
from tests.faults.cameras.test_camera_reasons import digest_challenge, play_ten_pictures, right_login

Change = Callable[[ReceivedRequest, bytes], bytes]


def careless(change: Change) -> AnswerPart:
    """Play ten pictures; `change` spoils the answers, not the packets."""

    def reply(asked: ReceivedRequest) -> Answer:
        answer = play_ten_pictures(asked)
        assert answer is not None
        if isinstance(answer, bytes):
            return change(asked, answer)
        return spoil_first(asked, iter(answer))

    def spoil_first(asked: ReceivedRequest, pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield change(asked, next(pieces))
        yield from pieces

    return reply


def announce(extra: int, on: str) -> Change:
    """Announce so many more bytes of body than come."""

    def change(asked: ReceivedRequest, answer: bytes) -> bytes:
        if asked.method != on:
            return answer
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
        return b"\r\n".join([*lines, b"Content-Length: %d" % (len(body) + extra), b"", body])

    return change


CARELESS: dict[str, Change] = {
    "another version": lambda _, answer: answer.replace(b"RTSP/1.0", b"RTSP/2.0"),
    "a line end before each answer": lambda _, answer: b"\r\n" + answer,
    "blanks before each answer": lambda _, answer: b"  " + answer,
    "no reason and no CSeq": lambda _, answer: answer.replace(b" OK\r\nCSeq", b"\r\nX"),
    "no transport": lambda _, answer: answer.replace(b"Transport", b"X-Transport"),
    "another channel than it sends on": lambda _, answer: answer.replace(b"interleaved=0-1", b"interleaved=20-21"),
    **{
        f"{extra} bytes too many on {on}": announce(extra, on)
        for extra in (3, 100)
        for on in ("OPTIONS", "DESCRIBE", "SETUP", "PLAY")
    },
}


@pytest.mark.parametrize("change", CARELESS.values(), ids=CARELESS)
def test_carelessness_of_a_camera_costs_no_picture(change: Change) -> None:
    with serve_answers(careless(change)) as server:
        result = read_source(server.url("rtsp"), deadlines=PATIENT)
    assert len(result.frames) == 10
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)


def test_a_camera_that_hangs_up_after_it_asked_for_a_login_is_asked_again() -> None:
    def reply(asked: ReceivedRequest) -> Answer:
        if asked.method == "OPTIONS":
            return make_rtsp_answer(asked)
        if "authorization" in asked.headers and right_login(asked):
            return play_ten_pictures(asked)
        return [make_rtsp_answer(asked, "401 Unauthorized", extra=digest_challenge("")), b""]

    with serve_answers(reply) as server:
        result = read_source(server.url("rtsp").replace("://", "://guard:hush-hush@"), deadlines=PATIENT)
    assert (len(result.frames), server.connections) == (10, 2)


def test_a_camera_that_hangs_up_whatever_the_login_is_asked_twice_and_no_more() -> None:
    def reply(asked: ReceivedRequest) -> Answer:
        if asked.method == "OPTIONS":
            return make_rtsp_answer(asked)
        return [make_rtsp_answer(asked, "401 Unauthorized", extra=digest_challenge("")), b""]

    with serve_answers(reply) as server:
        result = read_source(server.url("rtsp").replace("://", "://guard:hush-hush@"), deadlines=PATIENT)
    assert result.error is not None
    assert server.connections == 2
    assert sum("authorization" in asked.headers for asked in server.asked) == 1


def test_a_camera_that_sends_by_datagrams_alone_is_told_apart() -> None:
    by_udp = b"RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001"
    change: Change = lambda _, answer: answer.replace(b"RTP/AVP/TCP;unicast;interleaved=0-1", by_udp)  # noqa: E731
    with serve_answers(careless(change)) as server:
        result = read_source(server.url("rtsp"), deadlines=PATIENT)
    assert "set transport to udp" in str(result.error)


class NoisyPacket(rtp.RtpPacket):
    """Comes with packets that are too short to be any, and with one of a channel that nobody knows."""

    def wire(self) -> bytes:
        stray = b"$\x00\x00\x05\x80\x60abc" + b"$\x01\x00\x04abcd" + b"$\x09\x00\x02zz" + b"$\x00\x00\x00"
        return stray + super().wire() + b"$\x09\x00\x20" + b"z" * 32


def noisy(packet: rtp.RtpPacket) -> rtp.RtpPacket:
    return NoisyPacket(packet.at_s, packet.stamp, packet.number, packet.payload, packet.marker)


ODD_PACKETS: dict[str, Callable[[rtp.RtpPacket], rtp.RtpPacket]] = {
    "too short to be any": noisy,
    "on a channel that no SETUP named": lambda packet: replace(packet, channel=6),
    "never marked as a picture's last": lambda packet: replace(packet, marker=False),
    "all marked as a picture's last": lambda packet: replace(packet, marker=True),
    "of a new source every second": lambda packet: replace(packet, source=1 + int(packet.at_s)),
    "stamps that wrap": lambda packet: replace(packet, stamp=packet.stamp + 2**32 - 1_090_000),
}


@pytest.mark.parametrize("change", ODD_PACKETS.values(), ids=ODD_PACKETS)
def test_odd_packets_cost_no_picture(change: Callable[[rtp.RtpPacket], rtp.RtpPacket]) -> None:
    units = encode_access_units(60, gop=20)
    camera = ScriptedCamera(
        CameraBehaviour.PLAYS_AND_LEAVES, script=lambda: map(change, rtp.packetise_video(units, fps=100.0))
    )
    with serve_scripted_camera(camera):
        result = read_source(camera.url, deadlines=PATIENT)
    assert len(result.frames) == 60
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)
