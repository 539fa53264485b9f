"""The hostile cameras do what they claim: valid grey of any size, perfect pictures behind odd wrapping, floods."""

import hashlib
import socket
from itertools import islice
from pathlib import Path

import av
import pytest

from simulation.cameras.grey_h264 import grey_picture
from simulation.cameras.hostile_cameras import (
    HUGE_SIDE,
    OTHER_HOST,
    PASSWORD,
    USER,
    StressCameras,
    add_malformed_sei,
    insert_garbage,
    knows_password,
    read_access_units,
    serve_hostile_cameras,
)
from simulation.cameras.rtp import packetise_video
from tests.cameras.films import write_test_film


@pytest.mark.parametrize(("width", "height"), [(64, 64), (640, 352), (1920, 1088)])
def test_grey_pictures_decode_to_grey_of_their_size(width: int, height: int) -> None:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    (frame,) = [*decoder.decode(av.Packet(grey_picture(width, height))), *decoder.decode(None)]
    assert (frame.width, frame.height, frame.is_corrupt) == (width, height, False)
    planes = frame.to_ndarray()
    assert planes.min() == planes.max() == 128


def test_a_picture_of_16000_pixels_a_side_takes_a_megabyte() -> None:
    assert 1_000_000 < len(grey_picture(HUGE_SIDE, HUGE_SIDE)) < 1_001_000


def test_a_malformed_sei_leaves_the_picture_as_it_was(tmp_path: Path) -> None:
    units, rate = read_access_units(write_test_film(tmp_path / "film.mp4", frames=20, fps=10))
    assert (len(units), rate) == (20, 10.0)

    def decoded(streamed: list[bytes]) -> list[bytes]:
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        frames = [frame for unit in streamed for frame in decoder.decode(av.Packet(unit))]
        return [frame.to_ndarray().tobytes() for frame in [*frames, *decoder.decode(None)]]

    assert decoded([add_malformed_sei(unit) for unit in units]) == decoded(units)


def test_garbled_packets_keep_every_packet_of_the_stream() -> None:
    plain = list(islice(packetise_video([b"\x00\x00\x00\x01\x65abc"], loop=True), 40))
    noisy = list(insert_garbage(iter(plain), every=10))
    assert [packet for packet in noisy if type(packet) is type(plain[0])] == plain
    assert len(noisy) == 44


def test_one_of_each_is_served_and_the_harmful_ones_carry_the_password_that_is_searched_for(tmp_path: Path) -> None:
    with serve_hostile_cameras(write_test_film(tmp_path / "film.mp4", frames=20, fps=10)) as found:
        assert len(found.cameras) >= 12
        assert len({each.name for each in found.cameras}) == len(found.cameras)
        for each in found.cameras:
            assert each.harmless or PASSWORD in each.url
        assert _describe_camera(found, "rtsp-redirect").startswith("RTSP/1.0 302")
        assert f"Location: rtsp://{OTHER_HOST}:" in _describe_camera(found, "rtsp-redirect")
        assert "algorithm=SHA-256" in _describe_camera(found, "sha256-only")
        assert "Content-Length: 2147483000" in _describe_camera(found, "huge-answer")
        assert found.witness.calls == 0


def test_a_sha_256_challenge_is_met_by_the_right_password_alone() -> None:
    def sha256(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    def answer(password: str) -> str:
        secret, asked = sha256(f"{USER}:camera:{password}"), sha256("DESCRIBE:rtsp://camera/")
        response = sha256(f"{secret}:5d9c0b7a:00000001:abc:auth:{asked}")
        return (
            f'Digest username="{USER}", realm="camera", nonce="5d9c0b7a", uri="rtsp://camera/", qop=auth, '
            f'nc=00000001, cnonce="abc", algorithm=SHA-256, response="{response}"'
        )

    assert knows_password("DESCRIBE", answer(PASSWORD))
    assert not knows_password("DESCRIBE", answer("guess"))
    assert not knows_password("SETUP", answer(PASSWORD))
    assert not knows_password("DESCRIBE", "")


def _describe_camera(found: StressCameras, name: str) -> str:
    """Return the beginning of a camera's answer to DESCRIBE."""
    (url,) = [each.url for each in found.cameras if each.name == name]
    host, _, port = url.partition("@")[2].partition("/")[0].rpartition(":")
    with socket.create_connection((host, int(port)), 5.0) as connection:
        connection.sendall(b"DESCRIBE rtsp://camera/ RTSP/1.0\r\nCSeq: 7\r\n\r\n")
        return connection.recv(400).decode("latin-1")
