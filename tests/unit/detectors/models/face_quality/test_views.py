"""The three views are cut where the paper says, the same for a face in any company."""

import math

import pytest
import torch
from torch import Tensor

from detectors.models.face_quality.views import (
    compact_boxes,
    face_views,
    is_within_range,
    loose_squares,
    parts_from_points,
    points_in_view,
    yaw_degrees,
)


def face(eye_distance: float = 100.0, nose_offset: float = 0.0) -> Tensor:
    """Five points of an upright face, eyes at height 80, in the middle of 224 x 224."""
    half = eye_distance / 2
    return torch.tensor(
        [[[112 - half, 80.0], [112 + half, 80.0], [112 + nose_offset, 120.0], [90.0, 170.0], [134.0, 170.0]]]
    )


def test_a_face_looking_at_us_is_not_turned() -> None:
    assert yaw_degrees(face()).item() == pytest.approx(0.0)


@pytest.mark.parametrize("degrees", [15.0, 45.0, 60.0, 75.0])
def test_yaw_is_read_from_where_the_nose_falls(degrees: float) -> None:
    """Orthographic: eyes 63 mm apart shrink with the cosine, a nose 0.55 of that deep moves with the sine."""
    angle = math.radians(degrees)
    assert yaw_degrees(face(100 * math.cos(angle), 55 * math.sin(angle))).item() == pytest.approx(degrees, abs=1e-3)


def test_a_tilted_head_is_not_turned() -> None:
    angle = math.radians(30)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    assert yaw_degrees(face() @ turn.T).item() == pytest.approx(0.0, abs=1e-3)


def test_eyes_in_one_point_count_as_fully_turned() -> None:
    assert yaw_degrees(face(0.0)).item() == 90.0


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((10.0, 10.0, 106.0, 106.0), True),
        ((10.0, 10.0, 105.0, 200.0), False),
        ((-20.0, 10.0, 90.0, 120.0), False),
    ],
)
def test_a_face_under_96_pixels_as_far_as_it_is_seen_is_out_of_range(
    box: tuple[float, float, float, float], inside: bool
) -> None:
    assert is_within_range(torch.tensor([box]), face(), 300, 300).tolist() == [inside]


@pytest.mark.parametrize(("degrees", "inside"), [(59.0, True), (61.0, False)])
def test_a_face_turned_over_60_degrees_is_out_of_range(degrees: float, inside: bool) -> None:
    points = face(100 * math.cos(math.radians(degrees)), 55 * math.sin(math.radians(degrees)))
    assert is_within_range(torch.tensor([[0.0, 0.0, 150.0, 150.0]]), points, 300, 300).tolist() == [inside]


@pytest.mark.parametrize(
    ("box", "square"),
    [
        ((150.0, 100.0, 190.0, 150.0), (120, 75, 220, 175)),
        ((0.0, 0.0, 40.0, 50.0), (0, 0, 100, 100)),
        ((380.0, 250.0, 400.0, 300.0), (300, 200, 400, 300)),
        ((100.0, 20.0, 300.0, 280.0), (50, 0, 350, 300)),
    ],
)
def test_the_loose_view_is_twice_the_longer_side_within_the_picture(
    box: tuple[float, ...], square: tuple[int, ...]
) -> None:
    assert tuple(loose_squares(torch.tensor([box]), 300, 400)[0].tolist()) == square


def test_the_compact_view_is_what_is_seen_of_the_box() -> None:
    boxes = torch.tensor([[-5.0, 2.2, 50.5, 400.0], [500.0, 500.0, 600.0, 600.0]])
    assert compact_boxes(boxes, 300, 400).tolist() == [[0, 2, 51, 300], [399, 299, 400, 300]]


def test_points_follow_their_face_into_the_view() -> None:
    inside = points_in_view(torch.tensor([[[60.0, 120.0]]]), torch.tensor([[10, 20, 110, 420]]))
    assert inside[0, 0].tolist() == pytest.approx([112.0, 56.0])


def test_eyes_and_mouth_are_kept_and_all_else_is_not() -> None:
    """d = 100: eyes 220 x 90 about (112, 80), mouth 140 x 100 about (112, 170)."""
    mask = parts_from_points(torch.zeros(1, 3, 224, 224), face())[0, 0]
    assert mask[80, 5] == mask[36, 112] == mask[124, 112] == 1
    assert mask[34, 112] == 0
    assert mask[170, 43] == mask[170, 181] == mask[219, 112] == 1
    assert mask[170, 40] == mask[170, 183] == mask[221, 112] == 0
    assert mask.mean().item() == pytest.approx((220 * 90 + 140 * 95) / 224**2, rel=0.02)


def test_the_rectangles_lie_along_the_line_of_the_eyes() -> None:
    """A head turned onto its side: eyes one above the other, the mouth beside them."""
    sideways = torch.tensor([[[80.0, 62.0], [80.0, 162.0], [110.0, 112.0], [170.0, 90.0], [170.0, 134.0]]])
    upright = parts_from_points(torch.zeros(1, 3, 224, 224), face())
    assert torch.equal(parts_from_points(torch.zeros(1, 3, 224, 224), sideways), upright.transpose(2, 3))


def test_a_face_in_profile_keeps_the_whole_face() -> None:
    profile = face(100 * math.cos(math.radians(50)), 55 * math.sin(math.radians(50)))
    assert parts_from_points(torch.zeros(1, 3, 224, 224), profile).all()


def test_each_face_is_cut_the_same_alone_and_beside_others() -> None:
    picture = torch.rand(3, 300, 400, generator=torch.Generator().manual_seed(0))
    boxes = torch.tensor([[50.0, 60.0, 170.0, 200.0], [200.0, 100.0, 320.0, 260.0], [-10.0, 0.0, 120.0, 120.0]])
    points = face().expand(3, 5, 2) * 0.5 + boxes[:, None, :2]
    together = face_views(picture, boxes, points)
    assert together.shape == (3, 3, 3, 224, 224)
    for index in range(3):
        assert torch.equal(face_views(picture, boxes[index : index + 1], points[index : index + 1])[0], together[index])


def test_the_views_show_the_face_the_box_and_the_parts() -> None:
    picture = torch.zeros(3, 400, 400)
    picture[:, 100:200, 100:200] = 1.0
    boxes = torch.tensor([[100.0, 100.0, 200.0, 200.0]])
    loose, compact, parts = face_views(picture, boxes, face() * (100 / 224) + 100)[0]
    assert loose.mean().item() == pytest.approx(0.25, abs=0.01)
    assert compact.min().item() == 1.0
    assert torch.equal(parts, parts_from_points(compact[None], face())[0].expand(3, -1, -1))


def test_a_picture_without_faces_has_no_views() -> None:
    assert face_views(torch.zeros(3, 64, 64), torch.zeros(0, 4), torch.zeros(0, 5, 2)).shape == (0, 3, 3, 224, 224)
