"""An RTSP connection's bytes, however they arrive: packets, messages, and what is neither."""

import random

import pytest

from domain.errors import OverLimit
from ingest.limits import DESCRIPTION_BYTES, HEAD_BYTES
from ingest.rtsp.messages import (
    find_payload_types,
    rewrite_head,
    skip_blank,
    skip_garbage,
    starts_message,
    take_message,
    take_packets,
)

PACKET = b"$\x00\x00\x10\x80\x60" + bytes(14)
ANSWER = b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: 5\r\n\r\nhello"
REQUEST = b"OPTIONS rtsp://camera/ RTSP/1.0\r\nCSeq: 9\r\n\r\n"


def split_in_pieces(data: bytes, seed: int) -> list[bytes]:
    """Read `data` in pieces of chance and return what was recognised."""
    chance, buffer, found, at, lost = random.Random(seed), bytearray(), [], 0, False
    while at < len(data):
        size = chance.randint(1, 30)
        buffer += data[at : at + size]
        at += size
        while buffer:
            if lost and not skip_garbage(buffer):
                break
            lost = False
            if buffer[0] == 0x24:
                packets = take_packets(buffer)
                if not packets:
                    break
                found += [packets[i : i + 20] for i in range(0, len(packets), 20)]
            elif starts_message(buffer):
                message = take_message(buffer)
                if message is None:
                    break
                found.append(message.raw)
            else:
                del buffer[:1]
                lost = True
    return found


@pytest.mark.parametrize("seed", range(40))
def test_pieces_of_any_size_give_the_same(seed: int) -> None:
    parts = [ANSWER, PACKET, PACKET, REQUEST, PACKET, ANSWER, PACKET]
    assert split_in_pieces(b"".join(parts), seed) == parts


@pytest.mark.parametrize(
    "noise", [b"noise", b"\xff$\x99\x00", b"ABC \x01", b"\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"$" * 3]
)
@pytest.mark.parametrize("seed", range(10))
def test_noise_in_between_costs_nothing_else(noise: bytes, seed: int) -> None:
    if noise.startswith(b"$"):
        noise = b"x" + noise
    found = split_in_pieces(b"".join([ANSWER, noise, PACKET, PACKET, noise, PACKET, noise, REQUEST, PACKET]), seed)
    assert [part for part in found if part == PACKET] == [PACKET] * 4
    assert found[0] == ANSWER


def test_what_grows_without_end_is_refused() -> None:
    with pytest.raises(OverLimit):
        take_message(bytearray(b"RTSP/1.0 200 OK\r\n" + b"x" * HEAD_BYTES))
    with pytest.raises(OverLimit):
        take_message(bytearray(b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (DESCRIPTION_BYTES + 1)))


def test_a_head_is_written_again_without_what_is_dropped() -> None:
    raw = rewrite_head(ANSWER, drop=frozenset({"cseq"}), add={"Content-Base": "rtsp://camera/", "Empty": ""})
    assert raw == b"RTSP/1.0 200 OK\r\nContent-Length: 5\r\nContent-Base: rtsp://camera/\r\n\r\nhello"


def test_payload_types_are_those_of_pictures_and_sound() -> None:
    control = b"$\x01\x00\x10\x80\xc8" + bytes(14)
    assert find_payload_types(PACKET + control) == {96}


@pytest.mark.parametrize("announced", [3, 100])
def test_packets_after_a_head_are_no_body_however_long_it_is_announced(announced: int) -> None:
    buffer = bytearray(b"RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: %d\r\n\r\n" % announced + PACKET)
    message = take_message(buffer)
    assert message is not None
    assert (message.body, bytes(buffer)) == (b"", PACKET)
    assert b"Content-Length: 0\r\n" in message.raw


def test_a_body_shorter_than_announced_is_taken_once_patience_ends_and_only_in_whole_lines() -> None:
    head = b"RTSP/1.0 200 OK\r\nContent-Length: 50\r\n\r\n"
    assert take_message(bytearray(head + b"v=0\r\n")) is None
    assert take_message(bytearray(head + b"v=0\r\nm=vid"), patient=False) is None
    message = take_message(bytearray(head + b"v=0\r\n"), patient=False)
    assert message is not None
    assert message.body == b"v=0\r\n"
    assert b"Content-Length: 5\r\n" in message.raw


@pytest.mark.parametrize("version", [b"1.0", b"1.1", b"2.0"])
def test_an_answer_of_any_version_is_one(version: bytes) -> None:
    assert starts_message(bytearray(b"RTSP/" + version + b" 200 OK\r\n"))
    assert starts_message(bytearray(b"RTSP/" + version[:2]))
    assert not starts_message(bytearray(b"RTSP/x.0 200 OK\r\n"))


def test_blanks_before_a_message_are_ignored() -> None:
    buffer = bytearray(b" \r\n\t" + ANSWER)
    skip_blank(buffer)
    assert bytes(buffer) == ANSWER
