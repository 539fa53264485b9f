"""A video track that offers several payload types: the one that the camera sends is read, whichever it names first."""

from dataclasses import replace

import pytest

from ingest.rtsp.session_description import keep_one_type, parse_description
from simulation.cameras import rtp
from simulation.cameras.scripted_camera import CameraBehaviour, ScriptedCamera, serve_scripted_camera
from tests.cameras.films import encode_access_units
from tests.cameras.source_reading import PATIENT, read_source

H264, H265, JPEG = "a=rtpmap:{} H264/90000", "a=rtpmap:{} H265/90000", "a=rtpmap:{} JPEG/90000"
SENT = 96


class OffersSeveral(ScriptedCamera):
    """Describes its video by `described`, a line of types and their attributes, and sends type 96."""

    described: tuple[str, ...] = ()

    def _description(self) -> str:
        lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=camera", "t=0 0", *self.described, "a=control:video"]
        return "\r\n".join(lines) + "\r\n"


OFFERS = {
    "another first": ("m=video 0 RTP/AVP 98 96", H265.format(98), H264.format(96)),
    "another first, its line last": ("m=video 0 RTP/AVP 98 96", H264.format(96), H265.format(98)),
    "a static one first": ("m=video 0 RTP/AVP 26 96", JPEG.format(26), H264.format(96)),
    "three": ("m=video 0 RTP/AVP 97 98 96", H265.format(97), H265.format(98), H264.format(96)),
    "the sent one first": ("m=video 0 RTP/AVP 96 98", H264.format(96), H265.format(98)),
    "the sent one first, its line last": ("m=video 0 RTP/AVP 96 98", H265.format(98), H264.format(96)),
    "a line that belongs to nobody": ("m=video 0 RTP/AVP 96", H264.format(96), H265.format(102)),
}


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_the_type_that_is_sent_is_read(offer: tuple[str, ...]) -> None:
    script = list(rtp.packetise_video(encode_access_units(300, gop=20), fps=100.0))
    camera = OffersSeveral(
        CameraBehaviour.PLAYS_AND_LEAVES, script=lambda: (replace(each, kind=SENT) for each in script)
    )
    camera.described = offer
    with serve_scripted_camera(camera):
        result = read_source(camera.url, deadlines=PATIENT, most=40)
    assert len(result.frames) == 40, result.error
    assert (result.counters.decode_errors, result.counters.corrupt_frames) == (0, 0)
    assert camera.sessions <= 2
    assert camera.open_most == 1


BODY = b"v=0\nm=audio 0 RTP/AVP 0 8\na=rtpmap:8 PCMA/8000\nm=video 0 RTP/AVP 98 96\na=rtpmap:98 H265/90000\n" + (
    b"a=fmtp:96 packetization-mode=1\na=rtpmap:96 H264/90000\na=control:v\n"
)


def test_one_type_is_kept_with_its_own_lines() -> None:
    assert keep_one_type(BODY, None).endswith(b"m=video 0 RTP/AVP 98\na=rtpmap:98 H265/90000\na=control:v\n")
    kept = keep_one_type(BODY, 96)
    assert kept.endswith(b"m=video 0 RTP/AVP 96\na=fmtp:96 packetization-mode=1\na=rtpmap:96 H264/90000\na=control:v\n")
    assert kept.startswith(b"v=0\nm=audio 0 RTP/AVP 0 8\na=rtpmap:8 PCMA/8000\n")
    assert keep_one_type(BODY, 50) == keep_one_type(BODY, None)


@pytest.mark.parametrize("body", [b"", b"\n", b"m=video", b"m=video 0 RTP/AVP ", b"m=video 0 RTP/AVP 96" * 50])
def test_a_description_that_says_nothing_stays_as_it_is(body: bytes) -> None:
    assert keep_one_type(body, 96) == body


def test_the_first_type_is_expected_and_the_others_are_choices() -> None:
    described = parse_description(BODY)
    assert (described.video_types, described.choices) == (frozenset({98}), frozenset({96}))
    assert described.choose_type({96, 0}) == 96
    assert described.choose_type({98, 96}) is None
    assert described.choose_type({50}) is None
    assert parse_description(BODY, 96).video_codecs == ("H264",)
