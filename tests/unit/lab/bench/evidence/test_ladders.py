"""The ladder bench counts a fall as a fall in either direction, and leaves out what no rung can be asked of."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from detectors.models.detection_quality.detectability import DETECTABILITY
from detectors.models.detection_quality.detector import DETECTION_LOSS
from domain.errors import ConfigError
from lab.bench.evidence import ladders
from lab.bench.evidence.clips import ClipFile, find_clips
from lab.bench.evidence.ladders import (
    COMPRESSION,
    RUN,
    Ladders,
    Scorer,
    frame_ladders,
    photograph_ladders,
    summarise_scores,
)
from lab.training.augment.degradation_ladders import LADDERS
from lab.training.pictures import Pixels
from lab.training.samples import Values
from simulation.films.film_writer import FilmWriter

FALLING = [5.0, 4.0, 3.0, 2.0, 1.0]
SWAPPED = [5.0, 4.0, 3.0, 1.0, 2.0]
BROKEN = [5.0, 4.0, 1.0, 2.0, 3.0]


def portrait() -> Pixels:
    whole = data.astronaut()  # type: ignore[no-untyped-call]
    return np.asarray(cv2.resize(whole, (320, 240)), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photograph and a clip of 24 frames that drifts over it, where the command looks for them."""
    pictures, clips = tmp_path / "images" / "kodak24", tmp_path / "clips"
    pictures.mkdir(parents=True)
    clips.mkdir()
    cv2.imwrite(str(pictures / "portrait.png"), portrait()[..., ::-1])
    with FilmWriter(clips / "drift.mp4", (240, 320), 12) as writer:
        for number in range(24):
            writer.add(np.roll(portrait(), number, axis=1), crf=20)
    return tmp_path


def test_one_swap_of_neighbours_still_holds_and_two_do_not() -> None:
    found = summarise_scores(np.array([FALLING, SWAPPED, BROKEN]), DETECTABILITY)
    assert (found.n, found.unassessable) == (3, 0)
    assert found.holds == pytest.approx(2 / 3)
    assert found.median_spearman == pytest.approx(-0.9)
    assert found.mean_scores == (5.0, 4.0, 2.33, 1.67, 2.0)


def test_a_number_that_is_better_when_lower_must_rise() -> None:
    assert summarise_scores(-np.array([FALLING]), DETECTION_LOSS).holds == 1.0
    assert summarise_scores(np.array([FALLING]), DETECTION_LOSS).holds == 0.0


def test_pictures_that_cannot_be_judged_count_apart_and_a_constant_score_does_not_hold() -> None:
    nowhere, later = [float("nan")] * 5, [5.0, 4.0, 3.0, 2.0, float("nan")]
    found = summarise_scores(np.array([nowhere, later, [1.0] * 5]), DETECTABILITY)
    assert (found.n, found.unassessable, found.holds, found.median_spearman) == (1, 1, 0.0, 0.0)
    assert summarise_scores(np.array([nowhere, later]), DETECTABILITY).holds is None


def test_frames_are_compressed_ever_harder_among_their_neighbours(folder: Path) -> None:
    (clip,) = find_clips(folder / "clips")
    first, second = frame_ladders(clip, 2)
    assert not np.array_equal(first.untouched, second.untouched)
    assert first.worse.keys() == LADDERS.keys()
    distances = np.abs(first.worse[COMPRESSION].astype(float) - first.untouched).mean(axis=(1, 2, 3))
    assert list(distances) == sorted(distances)
    assert distances[0] > 0


def test_a_clip_too_short_for_all_frames_gives_its_middle(folder: Path) -> None:
    (clip,) = find_clips(folder / "clips")
    assert len(list(frame_ladders(ClipFile(clip.path, clip.fps, clip.frames), 24 // RUN + 1))) == 1


def test_faces_are_those_of_the_untouched_picture() -> None:
    """A scorer is told the untouched picture once, and judges the same thing on every rung."""
    told: list[Pixels] = []

    def judge_for(untouched: Pixels) -> ladders.Judge:
        told.append(untouched)
        return lambda pictures: pictures.mean(axis=(1, 2, 3)) - untouched.mean()

    scorer = Scorer("brightness", DETECTABILITY, "test", judge_for)
    scores: Mapping[str, Values] = scorer.climb(photograph_ladders(portrait()))
    assert len(told) == 1
    assert scores["darkness"][0] == 0
    assert (np.diff(scores["darkness"]) < 0).all()


def test_the_command_climbs_with_bundled_weights(folder: Path) -> None:
    found = ladders.run(folder, models=["detectability"], frames=1)
    one = found["scorers"]["detectability"]
    assert one["weights"].startswith("detectability@")
    for material in ("pictures", "frames"):
        assert {ladder: one[material][ladder]["n"] for ladder in LADDERS} == dict.fromkeys(LADDERS, 1)
    assert one["pictures"]["blur"]["holds"] == 1.0
    head, _, pictures, frames = ladders.as_table(found).splitlines()
    assert head == "| score | on | n | blur | noise | compression | darkness | fog |"
    assert pictures.startswith("| detectability | pictures | 1 | 100% (-1.00) |")
    assert frames.startswith("| detectability | frames | 1 |")


def test_unknown_models_and_missing_material_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="faith"):
        ladders.run(folder, models=["faith"])
    with pytest.raises(ConfigError, match="kodak24"):
        ladders.run(tmp_path / "clips", models=["detectability"])


def test_every_ladder_has_four_strengths() -> None:
    made = photograph_ladders(portrait())
    assert isinstance(made, Ladders)
    assert {worse.shape for worse in made.worse.values()} == {(4, 240, 320, 3)}
