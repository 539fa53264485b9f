"""What the encoder and the network do: JPEG, H.264 and H.265, and packets that never arrive.

Pictures are `Pixels`, RGB (H, W, 3) with levels 0 to 255, and keep their size.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

import av
import cv2
import numpy as np
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from lab.training.picture_faults.faults import Truth
from lab.training.picture_faults.light import Pixels, between

SMALLEST_SLICE = 60
"""Bytes; parameter sets are shorter and are sent again and again."""
START_CODE = re.compile(b"\x00\x00\x00?\x01")


def jpeg(picture: Pixels, quality: int) -> Pixels:
    """The picture as a JPEG of this quality shows it."""
    _, packet = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(packet, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def healthy_jpeg(picture: Pixels, truth: Truth, rng: np.random.Generator) -> Pixels:
    """A still as cameras send it, quality 18 to 96."""
    del truth
    return jpeg(picture, int(between(rng, 18, 96)))


def healthy_stream(picture: Pixels, truth: Truth, rng: np.random.Generator) -> Pixels:
    """H.264 at a quantiser of 18 to 38, the last of a few pictures."""
    del truth
    return stream_pictures(move_scene(picture, 3, rng), "libx264", int(rng.integers(18, 39)))[-1]


def compress(picture: Pixels, truth: Truth, rng: np.random.Generator) -> Pixels:
    """Coding so coarse that its blocks are what one sees."""
    truth.hide("defocus", "noise")
    if rng.random() < 0.4:
        quality = int(between(rng, 1, 16))
        truth.record("compression", quality, 15, 7)
        return jpeg(picture, quality)
    quantiser = int(rng.integers(40, 52))
    truth.record("compression", quantiser, 40, 46)
    return stream_pictures(move_scene(picture, 3, rng), "libx264", quantiser)[-1]


def tear(picture: Pixels, truth: Truth, rng: np.random.Generator) -> Pixels:
    """Packets of an H.264 or H.265 stream are lost; the decoder conceals what it can."""
    codec = "libx264" if rng.random() < 0.8 else "libx265"
    pictures = move_scene(picture, int(rng.integers(3, 7)), rng, farthest=0.03)
    packets = encode(pictures, codec, int(rng.integers(22, 36)), slices=int(rng.choice([1, 1, 2, 4, 8])))
    whole, torn = decode(packets, codec), decode(lose(packets, rng), codec)
    if not torn or not whole or torn[-1].shape != whole[-1].shape:
        return picture
    change = np.abs(torn[-1].astype(np.int16) - whole[-1]).max(axis=2) > 24
    truth.record("torn", float(change.mean()), 0.02, 0.08)
    truth.hide("compression", "motion_blur", "covered_part")
    return torn[-1]


def move_scene(picture: Pixels, count: int, rng: np.random.Generator, farthest: float = 0.006) -> list[Pixels]:
    """`count` pictures of a scene that moves, the last the picture itself."""
    height, width = picture.shape[:2]
    step = rng.uniform(-farthest, farthest, 2) * width
    pictures = []
    for index in range(count - 1, -1, -1):
        shift = np.array([[1, 0, step[0] * index], [0, 1, step[1] * index]], np.float32)
        pictures.append(cv2.warpAffine(picture, shift, (width, height), borderMode=cv2.BORDER_REFLECT))
    return [np.asarray(one, np.uint8) for one in pictures]


def stream_pictures(pictures: Sequence[Pixels], codec: str, quantiser: int) -> list[Pixels]:
    """The pictures as a camera's stream delivers them at a fixed quantiser."""
    return decode(encode(pictures, codec, quantiser), codec)


def encode(pictures: Sequence[Pixels], codec: str, quantiser: int, slices: int = 1) -> list[bytes]:
    """One access unit (Annex B) for each picture (H, W, 3), sides even; libx265 crashes with several slices."""
    height, width = pictures[0].shape[:2]
    encoder = CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    if codec == "libx264":
        encoder.options = {
            "preset": "ultrafast", "tune": "zerolatency", "qp": str(quantiser),
            "x264-params": f"slices={slices}:sliced-threads=0:keyint=250:cabac=1:deblock=0,0",
        }  # fmt: skip
    else:
        encoder.options = {
            "preset": "ultrafast", "tune": "zerolatency",
            "x265-params": f"qp={quantiser}:keyint=250:log-level=none:pools=none:frame-threads=1",
        }  # fmt: skip
    units = []
    for index, picture in enumerate(pictures):
        frame = VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = index
        units += [bytes(packet) for packet in encoder.encode(frame)]
    return units + [bytes(packet) for packet in encoder.encode(None)]


def decode(units: Sequence[bytes], codec: str) -> list[Pixels]:
    """Every picture the decoder gives, damaged ones too."""
    decoder = CodecContext.create("h264" if codec == "libx264" else "hevc", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    decoder.options = {"flags": "+output_corrupt", "flags2": "+showall", "ec": "guess_mvs+deblock"}
    pictures: list[Pixels] = []
    for unit in [*units, None]:
        try:
            frames = decoder.decode(None if unit is None else Packet(unit))
        except av.error.FFmpegError:
            continue
        pictures += [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]
    return pictures


def lose(units: Sequence[bytes], rng: np.random.Generator) -> list[bytes]:
    """Leave out slices, or the rest of a slice from a lost packet on; parameter sets stay."""
    kept = []
    which = rng.random(len(units)) < rng.uniform(0.2, 0.9)
    which[int(rng.integers(len(units)))] = True
    for index, unit in enumerate(units):
        parts = nal_units(unit)
        if not which[index]:
            kept.append(unit)
            continue
        worst = int(np.argmax([len(part) for part in parts]))
        left = []
        for number, part in enumerate(parts):
            hit = len(part) > SMALLEST_SLICE and (number == worst or rng.random() < 0.3)
            left.append(_cut(part, rng) if hit else part)
        kept.append(b"".join(b"\x00\x00\x00\x01" + part for part in left if part))
    return [unit for unit in kept if unit]


def nal_units(unit: bytes) -> list[bytes]:
    return [part for part in START_CODE.split(unit) if part]


def _cut(part: bytes, rng: np.random.Generator) -> bytes:
    """Nothing, the beginning only, or the slice without a stretch in its middle."""
    kind, start = rng.random(), int(rng.uniform(0.05, 0.9) * len(part))
    if kind < 0.3:
        return b""
    if kind < 0.6:
        return part[:start]
    return part[:start] + part[start + int(rng.uniform(0.02, 0.3) * len(part)) + 1 :]
