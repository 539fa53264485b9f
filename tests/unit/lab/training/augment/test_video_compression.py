from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from domain.errors import ConfigError
from lab.training.augment.video_compression import (
    SETTINGS,
    EncoderSetting,
    Pixels,
    RawClip,
    compress_frames,
    encode_frames,
    load_or_compress,
    pan_picture,
)

RATE = Fraction(25)


def photograph(height: int = 96, width: int = 128) -> Pixels:
    noise = np.random.default_rng(5).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    return noise.repeat(4, axis=0).repeat(4, axis=1)


def test_there_are_five_crfs_at_four_bandwidths() -> None:
    assert len({setting.name for setting in SETTINGS}) == 20


def test_a_smaller_picture_gets_a_smaller_share_of_the_bandwidth() -> None:
    options = EncoderSetting(23, 2.0).options(960, 540)
    assert options["maxrate"] == "500000"  # a quarter of 1080p's pixels, a quarter of 2 Mb/s
    assert options["bufsize"] == "1000000"  # two seconds of it
    assert "maxrate" not in EncoderSetting(23, None).options(960, 540)


def test_a_higher_crf_loses_more() -> None:
    clip = pan_picture(photograph(), side=64, frames=4, seed=[1])
    errors = [
        np.abs(compress_frames(clip, EncoderSetting(crf, None), RATE).astype(int) - clip).mean() for crf in (23, 35, 47)
    ]
    assert errors[0] < errors[1] < errors[2]


def test_the_same_clip_and_setting_give_the_same_stream() -> None:
    clip = pan_picture(photograph(), side=64, frames=4, seed=[1])
    assert encode_frames(clip, SETTINGS[3], RATE) == encode_frames(clip, SETTINGS[3], RATE)


def test_the_second_time_it_comes_from_the_folder(tmp_path: Path) -> None:
    clip = pan_picture(photograph(), side=64, frames=3, seed=[1])
    source = RawClip(clip, RATE)
    first = load_or_compress(source, SETTINGS[0], tmp_path)
    (path,) = tmp_path.iterdir()
    written = path.stat().st_mtime_ns
    np.testing.assert_array_equal(load_or_compress(source, SETTINGS[0], tmp_path), first)
    np.testing.assert_array_equal(load_or_compress(source, SETTINGS[0], tmp_path, [2]), first[2:])
    assert path.stat().st_mtime_ns == written
    load_or_compress(source, SETTINGS[-1], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_odd_sides_are_refused_with_advice() -> None:
    with pytest.raises(ConfigError, match="even sides"):
        encode_frames(np.zeros((2, 33, 32, 3), np.uint8), SETTINGS[0], RATE)


def test_a_pan_follows_from_its_seed_and_moves_a_little() -> None:
    first = pan_picture(photograph(), side=64, frames=5, seed=[7])
    np.testing.assert_array_equal(first, pan_picture(photograph(), side=64, frames=5, seed=[7]))
    assert first.shape == (5, 64, 64, 3)
    assert not np.array_equal(first[0], first[-1])


def test_a_photograph_of_exactly_the_side_stands_still() -> None:
    square = photograph(64, 64)
    np.testing.assert_array_equal(pan_picture(square, side=64, frames=2, seed=[1]), np.stack([square, square]))


def test_a_photograph_too_small_to_pan_is_refused() -> None:
    with pytest.raises(ConfigError, match="no room"):
        pan_picture(photograph(32, 32), side=64, frames=2, seed=[1])
