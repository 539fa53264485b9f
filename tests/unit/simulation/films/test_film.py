"""Films are H.264 as cameras send it, and their faults are what they say."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from domain.faults import Fault
from simulation.films.film import FPS, Film, Take, write_film
from simulation.films.scenes import HEIGHT, SCENES, WIDTH

CLOCK = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
CLOCK_BOX = np.s_[: round(0.08 * HEIGHT), : WIDTH // 2]

Luma = NDArray[np.uint8]


def write_short_film(folder: Path, scene: str, *takes: Take, seed: int = 3) -> Path:
    return write_film(Film(SCENES[scene], takes, CLOCK, seed), folder / f"{scene}.mp4")


def lumas(path: Path) -> list[Luma]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8) for frame in container.decode(video=0)]


def packet_bytes(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [packet.size for packet in container.demux(video=0) if packet.size]


def outside_the_clock(picture: Luma) -> NDArray[np.float64]:
    seen = picture.astype(np.float64)
    seen[CLOCK_BOX] = 0
    return seen


def sharpness(picture: Luma) -> float:
    return float(cv2.Laplacian(outside_the_clock(picture), cv2.CV_64F).var())


def test_a_film_is_h264_with_a_key_frame_a_second(tmp_path: Path) -> None:
    path = write_short_film(tmp_path, "gate", Take(3))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        keys = [number for number, frame in enumerate(container.decode(stream)) if frame.key_frame]
        size = (stream.codec_context.name, stream.width, stream.height, stream.average_rate)
    assert size == ("h264", WIDTH, HEIGHT, Fraction(FPS))
    assert keys == [0, FPS, 2 * FPS]
    assert len(packet_bytes(path)) == 3 * FPS


def test_the_same_seed_gives_the_same_film_and_another_one_other_noise(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
    first, again = (write_short_film(tmp_path / name, "gate", Take(0.5)) for name in "ab")
    other = write_short_film(tmp_path / "c", "gate", Take(0.5), seed=9)
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_parts_of_unlike_quality_decode_as_one_stream(tmp_path: Path) -> None:
    path = write_short_film(tmp_path, "gallery", Take(2), Take(2, Fault.BITRATE_STARVED))
    sizes = packet_bytes(path)
    assert len(lumas(path)) == 4 * FPS
    assert sum(sizes[2 * FPS :]) < 0.2 * sum(sizes[: 2 * FPS])


def test_under_a_freeze_the_clock_runs_and_the_rest_stands(tmp_path: Path) -> None:
    seen = lumas(write_short_film(tmp_path, "workshop", Take(1), Take(5, Fault.FREEZE)))
    early, later = seen[3 * FPS], seen[5 * FPS]
    in_the_clock = np.abs(early[CLOCK_BOX].astype(int) - later[CLOCK_BOX].astype(int))
    elsewhere = np.abs(outside_the_clock(early) - outside_the_clock(later))
    healthy = np.abs(outside_the_clock(seen[0]) - outside_the_clock(seen[FPS]))
    assert in_the_clock.max() > 100
    assert np.median(elsewhere) == 0
    assert elsewhere.mean() < 0.5 * healthy.mean()


def test_a_healthy_film_moves_and_keeps_its_noise_through_the_encoder(tmp_path: Path) -> None:
    seen = lumas(write_short_film(tmp_path, "gate", Take(4)))
    change = np.abs(outside_the_clock(seen[FPS]) - outside_the_clock(seen[-1]))
    assert np.median(change) >= 1
    assert change.max() > 60


def test_a_defocused_film_has_lost_its_detail(tmp_path: Path) -> None:
    seen = lumas(write_short_film(tmp_path, "garden", Take(1), Take(1, Fault.BLUR)))
    assert sharpness(seen[-1]) < 0.1 * sharpness(seen[0])


def test_a_noisy_night_is_noisier_than_a_night(tmp_path: Path) -> None:
    seen = lumas(write_short_film(tmp_path, "launch-pad", Take(1.5), Take(1.5, Fault.NOISE)))
    quiet, noisy = (
        float(np.median(np.abs(outside_the_clock(seen[second]) - outside_the_clock(seen[second + 9]))))
        for second in (0, 2 * FPS)
    )
    assert noisy > 3 * quiet


def test_a_covered_film_shows_an_even_darkness_that_is_not_black(tmp_path: Path) -> None:
    picture = lumas(write_short_film(tmp_path, "counter", Take(1), Take(1, Fault.COVERED)))[-1].astype(float)
    assert 25 < picture.mean() < 90
    assert picture[60:].std() < 12


def test_a_moved_camera_sees_another_part_of_its_scene(tmp_path: Path) -> None:
    seen = lumas(write_short_film(tmp_path, "garage", Take(1), Take(1, Fault.CAMERA_MOVED)))
    correlation = np.corrcoef(seen[0].ravel(), seen[-1].ravel())[0, 1]
    assert correlation < 0.6
    assert sharpness(seen[-1]) > 0.5 * sharpness(seen[0])


@pytest.mark.parametrize("scene", [scene for scene in SCENES.values() if scene.night], ids=lambda scene: scene.name)
def test_nights_are_dark_and_infrared_has_no_colour(tmp_path: Path, scene: object) -> None:
    film = next(candidate for candidate in SCENES.values() if candidate is scene)
    path = write_short_film(tmp_path, film.name, Take(0.2))
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(float)
    assert picture.mean() < 85
    colour = (picture.max(axis=2) - picture.min(axis=2)).mean()
    assert colour < 3 if film.infrared else colour > 10


def test_there_are_nine_views_two_of_them_by_night() -> None:
    assert len(SCENES) == 9
    assert sum(scene.night for scene in SCENES.values()) == 2


def test_a_film_that_fails_leaves_no_file(tmp_path: Path) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(Film(SCENES["gate"], (Take(2),), CLOCK), tmp_path / "gate.mp4", progress=interrupt)
    assert list(tmp_path.iterdir()) == []
