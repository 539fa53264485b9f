"""Made faces follow from (seed, number) alone, are kept, and hold together: picture, box, points, views, labels."""

from pathlib import Path

import numpy as np
import pytest
import torch

from detectors.models.face_quality.network import SIDE
from detectors.models.face_quality.views import parts_from_points
from detectors.models.mtcnn.boxes import Faces
from domain.errors import ConfigError
from lab.training.augment.face_distortions import Distortion
from lab.training.face_quality.face_set import as_input, mirror_views
from lab.training.face_quality.synthesis.face_sources import (
    SELFIES,
    FaceSource,
    load_sources,
    save_sources,
    select_liked,
    split_sources,
    usable_faces,
)
from lab.training.face_quality.synthesis.synthetic_faces import (
    draw_strengths,
    load_or_make_faces,
    make_face,
    make_numbered_face,
)
from lab.training.samples import Sample
from tests.unit.lab.training.face_quality.faces import POINTS, drawing, face_set, source


def test_a_made_face_follows_from_its_number_alone(tmp_path: Path) -> None:
    sources = [source(tmp_path / "a.png")]
    first = make_numbered_face(sources, 3, 7, {})
    again = make_numbered_face(sources, 3, 7, {})
    other = make_numbered_face(sources, 4, 7, {})
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.labels, again.labels)
    assert first.picture.shape != other.picture.shape or not np.array_equal(first.picture, other.picture)


def test_an_untouched_face_is_only_made_smaller_and_never_below_the_models_range(tmp_path: Path) -> None:
    """The box, 140 x 160, shrinks with its points: the points stay at the same places within it."""
    face = make_face(source(tmp_path / "a.png"), drawing(), {}, np.random.default_rng(1))
    size = face.box[2:] - face.box[:2]
    assert 96 <= size.min() <= 140
    within = (face.points - face.box[:2]) / size
    assert within == pytest.approx((np.array(POINTS) - (40, 45)) / (140, 160), abs=1e-3)


def test_a_set_that_was_interrupted_is_gone_on_with(tmp_path: Path) -> None:
    sources = [source(tmp_path / "a.png")]
    whole = load_or_make_faces(sources, 3, 5, tmp_path / "whole")
    part = load_or_make_faces(sources, 3, 5, tmp_path / "part")
    part.labels[1] = 0
    part.views[1] = 0
    finished = load_or_make_faces(sources, 3, 5, tmp_path / "part")
    assert np.array_equal(finished.views, whole.views)
    assert np.array_equal(finished.labels, whole.labels)
    with pytest.raises(ConfigError, match="another training"):
        load_or_make_faces(sources, 4, 5, tmp_path / "part")


def test_without_sources_there_is_nothing_to_make(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no faces"):
        load_or_make_faces([], 1, 0, tmp_path)


def test_a_face_gets_at_most_one_distortion_of_a_kind_and_some_get_none() -> None:
    generator = np.random.default_rng(0)
    draws = [draw_strengths(generator) for _ in range(400)]
    blurs = {Distortion.FOCUS, Distortion.MOTION, Distortion.RESOLUTION}
    assert all(len(blurs & set(one)) <= 1 for one in draws)
    assert {distortion for one in draws for distortion in one} == set(Distortion)
    assert 0 < sum(not one for one in draws) < 60
    assert all(0 <= strength <= 1 for one in draws for strength in one.values())


def test_the_networks_input_is_the_views_and_the_parts_cut_from_them() -> None:
    faces = face_set(2)
    views = as_input(faces.views, faces.points)
    assert views.shape == (2, 3, 3, SIDE, SIDE)
    assert torch.equal((views[:, 0] * 255).round().byte(), torch.from_numpy(faces.views[:, 0]).permute(0, 3, 1, 2))
    mask = parts_from_points(views[:, 1], torch.from_numpy(faces.points))
    assert torch.equal(views[:, 2], views[:, 1] * mask)


def test_a_mirrored_face_has_its_left_eye_on_the_left() -> None:
    faces = face_set(1)
    views, points = mirror_views(faces.views, faces.points)
    assert np.array_equal(views[:, :, :, 0], faces.views[:, :, :, -1])
    assert points[0, 0].tolist() == [SIDE - POINTS[1][0], POINTS[1][1]]
    assert points[0, 0, 0] < points[0, 1, 0]
    assert points[0, 3, 0] < points[0, 4, 0]
    back = mirror_views(views, points)
    assert np.array_equal(back[0], faces.views)
    assert np.array_equal(back[1], faces.points)


def faces(box: tuple[float, ...], score: float = 0.999, nose: float = 110.0) -> Faces:
    points = torch.tensor([POINTS])
    points[0, 2, 0] = nose
    return Faces(torch.tensor([box]), torch.tensor([score]), points)


def test_only_whole_large_sharp_sure_faces_that_look_at_us_are_sources() -> None:
    box = (40.0, 45.0, 180.0, 205.0)
    assert len(usable_faces(drawing(), faces(box))) == 1
    assert usable_faces(drawing(), faces(box, score=0.9)) == []
    assert usable_faces(drawing(), faces(box, nose=160.0)) == []
    assert usable_faces(drawing(), faces((-60.0, 45.0, 80.0, 205.0))) == []
    assert usable_faces(drawing(), faces((40.0, 45.0, 130.0, 140.0))) == []
    assert usable_faces(np.full((240, 240, 3), 128, np.uint8), faces(box)) == []


def test_sources_are_kept_as_lines(tmp_path: Path) -> None:
    known = [source(tmp_path / "a.png"), source(tmp_path / "b.png", "two")]
    save_sources(known, tmp_path / "sources.jsonl")
    assert load_sources(tmp_path / "sources.jsonl") == known


def test_a_scene_is_never_parted_and_selfies_are_always_trained_on() -> None:
    sources = [
        FaceSource(f"{scene}-{number}", scene, (0, 0, 1, 1), ())
        for scene in [SELFIES, *(f"ss03 {block}" for block in range(60))]
        for number in range(2)
    ]
    sides = split_sources(sources)
    scenes = [{one.scene for one in side} for side in (sides.training, sides.validation, sides.held_out)]
    assert sum(map(len, scenes)) == len(set.union(*scenes)) == 61
    assert SELFIES in scenes[0]
    assert 0.1 < len(sides.held_out) / len(sources) < 0.35
    assert 0.02 < len(sides.validation) / len(sources) < 0.2


def test_nothing_of_a_test_side_and_nothing_disliked_is_a_start() -> None:
    samples = [
        Sample(Path("good"), {"mos": 0.7}, "1", "train"),
        Sample(Path("poor"), {"mos": 0.5}, "2", "train"),
        Sample(Path("held out"), {"mos": 0.9}, "3", "test"),
    ]
    assert [one.path.name for one in select_liked(samples)] == ["good"]
