"""Faces of any pictures, alone or together; the four known faults of facenet-pytorch 2.5.3 do not exist here."""

import pytest
import torch
from torch import Tensor

from detectors.models.mtcnn.boxes import Faces
from detectors.models.mtcnn.cascade import Mtcnn, proposal_cells, pyramid_scales
from detectors.models.mtcnn.weights import load_mtcnn
from detectors.models.runtime import use_pytorch_only
from tests.unit.detectors.models.mtcnn.scenes import astronaut, grey


@pytest.fixture(scope="module")
def network() -> Mtcnn:
    return load_mtcnn()


def same(left: Faces, right: Faces) -> bool:
    return all(
        torch.equal(*parts)
        for parts in ((left.boxes, right.boxes), (left.scores, right.scores), (left.points, right.points))
    )


def test_the_astronaut_has_one_face_with_eyes_above_nose_above_mouth_inside_its_box(network: Mtcnn) -> None:
    (faces,) = network.find_faces([astronaut()])
    assert len(faces) == 1
    assert faces.scores[0] > 0.99
    left, top, right, bottom = faces.boxes[0].tolist()
    assert 90 < (left + right) / 2 < 150
    assert 70 < (top + bottom) / 2 < 150
    across, down = faces.points[0].T
    assert down[:2].max() < down[2] < down[3:].min()
    assert across[0] < across[1]
    assert across[3] < across[4]
    assert left < across.min()
    assert across.max() < right
    assert top < down.min()
    assert down.max() < bottom


def test_a_faceless_picture_in_a_batch_disturbs_nothing(network: Mtcnn) -> None:
    face, nothing = network.find_faces(torch.stack([astronaut(), grey(256, 256)]))
    assert (len(face), len(nothing)) == (1, 0)
    assert nothing.points.shape == (0, 5, 2)


def test_a_picture_smaller_than_the_smallest_face_has_none(network: Mtcnn) -> None:
    assert [len(faces) for faces in network.find_faces([grey(12, 400), grey(1, 1), astronaut()])] == [0, 0, 1]


def test_boxes_beyond_the_picture_do_not_shift_the_answers_of_others(network: Mtcnn) -> None:
    class FirstProposesNowhere(Mtcnn):
        """Puts boxes wholly outside the picture before and between the real ones."""

        def _propose(self, pictures: Tensor) -> list[Tensor]:
            outside = torch.tensor([[-90.0, 20, -40, 70], [600, 600, 700, 700], [10, -80, 60, -30]])
            return [torch.cat([outside, boxes, outside]) for boxes in super()._propose(pictures)]

    disturbed = FirstProposesNowhere()
    disturbed.load_state_dict(network.state_dict())
    assert same(disturbed.eval().find_faces([astronaut()])[0], network.find_faces([astronaut()])[0])


def test_nothing_but_boxes_beyond_the_picture_is_no_face(network: Mtcnn) -> None:
    class ProposesNowhere(Mtcnn):
        def _propose(self, pictures: Tensor) -> list[Tensor]:
            return [torch.tensor([[-90.0, 20, -40, 70], [600, 600, 700, 700]]) for _ in pictures]

    lost = ProposesNowhere()
    lost.load_state_dict(network.state_dict())
    assert [len(faces) for faces in lost.eval().find_faces([astronaut()])] == [0]


def test_a_mixed_batch_in_any_order_answers_as_each_picture_alone(network: Mtcnn) -> None:
    wide = torch.cat([astronaut(), astronaut().flip(2)], dim=2)
    pictures = [astronaut(), grey(40, 700), wide, astronaut()[:, 30:220, 20:250], grey(256, 256), astronaut()]
    alone = [network.find_faces([picture])[0] for picture in pictures]
    assert [len(faces) for faces in alone] == [1, 0, 2, 1, 0, 1]
    together = network.find_faces(pictures)
    backwards = network.find_faces(pictures[::-1])[::-1]
    assert all(same(*pair) for pair in zip(alone, together, strict=True))
    assert all(same(*pair) for pair in zip(alone, backwards, strict=True))


def test_both_runtimes_find_the_same_boxes(network: Mtcnn) -> None:
    pictures = [astronaut(), astronaut()[:, 30:220, 20:251], torch.cat([astronaut(), astronaut().flip(2)], dim=2)]
    chosen = network.find_faces(pictures)
    with use_pytorch_only():
        plain = network.find_faces(pictures)
    assert [len(faces) for faces in chosen] == [1, 1, 2]
    for mine, other in zip(chosen, plain, strict=True):
        torch.testing.assert_close(mine.boxes, other.boxes, atol=0.01, rtol=0)
        torch.testing.assert_close(mine.scores, other.scores, atol=1e-4, rtol=0)
        torch.testing.assert_close(mine.points, other.points, atol=0.01, rtol=0)


@pytest.mark.parametrize("side", [12, 13, 14, 15, 40, 77, 768])
def test_the_cells_of_the_first_network_are_counted_as_it_makes_them(network: Mtcnn, side: int) -> None:
    with torch.inference_mode():
        probability, _ = network.pnet(torch.zeros(1, 3, side, 16))
    assert probability.shape[1] == proposal_cells(side)


def test_no_pictures_have_no_faces(network: Mtcnn) -> None:
    assert network.find_faces([]) == []


def test_the_pyramid_starts_at_the_smallest_face_and_ends_at_a_cell() -> None:
    """40 px become 12 at 0.3; 200 rows then are 60, 42.5, 30.2, 21.4, 15.2, and 10.8, which is less than a cell."""
    assert pyramid_scales(200, 900, 40) == pytest.approx([0.3 * 0.709**step for step in range(5)])
    assert pyramid_scales(39, 900, 40) == []


def test_less_than_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="under 12 px"):
        Mtcnn(smallest_face_px=8)


def test_the_networks_have_the_sizes_of_the_published_weights() -> None:
    """Parameters counted by hand from the layers of Fig. 2: weights, biases and PReLU slopes."""
    network = Mtcnn()
    sizes = [sum(part.numel() for part in net.parameters()) for net in (network.pnet, network.rnet, network.onet)]
    pnet = (3 * 9 * 10 + 10 + 10) + (10 * 9 * 16 + 16 + 16) + (16 * 9 * 32 + 32 + 32) + (32 * 6 + 6)
    rnet = (3 * 9 * 28 + 56) + (28 * 9 * 48 + 96) + (48 * 4 * 64 + 128) + (576 * 128 + 256) + (128 * 6 + 6)
    onet = (3 * 9 * 32 + 64) + (32 * 9 * 64 + 128) + (64 * 9 * 64 + 128) + (64 * 4 * 128 + 256)
    onet += (1152 * 256 + 512) + (256 * 16 + 16)
    assert sizes == [pnet, rnet, onet]
