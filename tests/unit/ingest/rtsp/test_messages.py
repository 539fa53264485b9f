"""An RTSP connection's bytes, however they arrive: packets, messages, and what is neither."""

import random

import pytest

from domain.errors import OverLimit
from ingest.limits import DESCRIPTION_BYTES, HEAD_BYTES
from ingest.rtsp.messages import (
    find_payload_types,
    rewrite_head,
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
