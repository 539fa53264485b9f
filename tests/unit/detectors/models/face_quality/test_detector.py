"""The detector tells of a picture's faces in numbers, each face judged alone, and says what it cannot judge."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from detectors.models.face_quality.detector import FACE_QUALITY, FaceQualityDetector, from_weights, load_face_quality
from detectors.models.face_quality.network import (
    DIMENSIONS,
    VIEWS,
    Assessor,
    AssessorVariant,
    Dimension,
    FaceView,
    regress_overall,
)
from detectors.models.face_quality.views import face_views, parts_from_points
from detectors.models.face_quality.weights import load_assessor, make_notes
from detectors.models.mtcnn.boxes import Faces
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsFile, WeightsOrigin, WeightsUnavailable, locate_weights

BATCH_TOLERANCE = 1e-3
"""Points of the five: convolutions sum in another order in another batch."""
POINTS = torch.tensor([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]])


def at(*boxes: tuple[float, float, float]) -> Faces:
    """Square faces looking at us, given by left, top and side."""
    corners = torch.tensor([[left, top, left + side, top + side] for left, top, side in boxes]).view(-1, 4)
    points = corners[:, None, :2] + POINTS * (corners[:, None, 2:] - corners[:, None, :2])
    return Faces(corners, torch.ones(len(boxes)), points)


class FixedFaceFinder:
    """Finds the faces it was told, picture by picture."""

    def __init__(self, *faces: Faces) -> None:
        self._faces = list(faces)

    def find_faces(self, pictures: Sequence[Tensor] | Tensor) -> list[Faces]:
        return self._faces[: len(pictures)]


def network(variant: AssessorVariant = AssessorVariant("mobilenet_v2", (FaceView.COMPACT,))) -> Assessor:  # noqa: B008
    """Untrained, but its answers depend on the face and stay within bounds."""
    torch.manual_seed(3)
    made = Assessor(variant).eval()
    for module in made.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_in")
    return made


def pictures(count: int) -> Pictures:
    rgb = torch.rand(count, 3, 240, 360, generator=torch.Generator().manual_seed(5))
    return Pictures.from_rgb(rgb * torch.linspace(0.2, 1.0, count).view(-1, 1, 1, 1))


@pytest.fixture(scope="module")
def judge() -> Assessor:
    return network()


def test_a_picture_scores_the_same_alone_and_in_any_batch(judge: Assessor) -> None:
    faces = [at((10, 10, 120), (200, 60, 140)), at((100, 50, 150)), at((0, 0, 100), (120, 40, 110), (230, 90, 120))]
    batch = pictures(3)
    together = FaceQualityDetector(judge, FixedFaceFinder(*faces), "").score(batch)
    assert len(set(together["face_sharpness_median"].tolist())) == 3
    for index, known in enumerate(faces):
        alone = FaceQualityDetector(judge, FixedFaceFinder(known), "").score(
            Pictures.from_rgb(batch.rgb[index : index + 1])
        )
        for key, value in alone.items():
            assert value.item() == pytest.approx(together[key][index].item(), abs=BATCH_TOLERANCE), key


def test_median_and_best_are_of_the_faces_in_range(judge: Assessor) -> None:
    faces = at((10, 10, 120), (150, 20, 100), (230, 90, 120), (0, 150, 60))
    picture = pictures(1)
    detector = FaceQualityDetector(judge, FixedFaceFinder(faces), "")
    each = detector.rate(picture.rgb[0], faces)
    found = detector.score(picture)
    assert each[3].isnan().all()
    for place, name in enumerate(DIMENSIONS):
        low, middle, high = sorted(each[:3, place].tolist())
        assert low <= middle <= high
        assert found[f"face_{name}_median"].item() == pytest.approx(middle)
        assert found[f"face_{name}_best"].item() == pytest.approx(high)
    assert (found["faces_judged"].item(), found["faces_out_of_range"].item()) == (3, 1)


def test_overall_is_the_regression_where_the_labels_were(judge: Assessor) -> None:
    faces = at((10, 10, 120), (150, 20, 100))
    each = FaceQualityDetector(judge, FixedFaceFinder(faces), "", regressed=True).rate(pictures(1).rgb[0], faces)
    assert each[:, -1].tolist() == pytest.approx(regress_overall(each).clamp(1, 5).tolist(), abs=1e-6)


def test_overall_is_the_trained_head_where_people_rated_it(judge: Assessor) -> None:
    faces, picture = at((10, 10, 120), (150, 20, 100)), pictures(1).rgb[0]
    each = FaceQualityDetector(judge, FixedFaceFinder(faces), "").rate(picture, faces)
    with torch.inference_mode():
        views = face_views(picture, faces.boxes, faces.points, parts_from_points)
        own = judge(views[:, [VIEWS.index(view) for view in judge.variant.views]])[:, -1]
    assert each[:, -1].tolist() == pytest.approx(own.clamp(1, 5).tolist(), abs=1e-4)
    assert each[:, -1].tolist() != pytest.approx(regress_overall(each).clamp(1, 5).tolist(), abs=1e-3)


@pytest.mark.parametrize(("said", "regressed"), [("head", False), ("regression", True)])
def test_a_weights_file_says_where_overall_quality_comes_from(tmp_path: Path, said: str, regressed: bool) -> None:
    assert load_assessor(export(tmp_path, overall=said).path).regressed is regressed


def test_the_bundled_weights_answer_by_the_regression_they_were_taught() -> None:
    assert load_assessor(locate_weights("sfiqa_mobilenet").path).regressed


def test_weights_trained_for_an_overall_opinion_alone_say_nothing_else(judge: Assessor) -> None:
    found = FaceQualityDetector(judge, FixedFaceFinder(at((10, 10, 120))), "", rated=1).score(pictures(1))
    assert found["face_overall_median"].isfinite().all()
    assert all(found[f"face_{name}_median"].isnan().all() for name in DIMENSIONS[:-1])
    assert found["faces_judged"].item() == 1


def test_without_a_face_in_range_there_is_no_rating_and_the_counts_say_why(judge: Assessor) -> None:
    found = FaceQualityDetector(judge, FixedFaceFinder(at(), at((10, 10, 90))), "").score(pictures(2))
    assert found["face_overall_median"].isnan().all()
    assert found["face_overall_best"].isnan().all()
    assert found["faces_judged"].tolist() == [0, 0]
    assert found["faces_out_of_range"].tolist() == [0, 1]


def test_a_masked_face_is_not_judged(judge: Assessor) -> None:
    rgb = pictures(1).rgb
    visible = torch.ones(1, 1, 240, 360, dtype=torch.bool)
    visible[..., :150] = False
    faces = at((10, 10, 120), (200, 60, 140))
    found = FaceQualityDetector(judge, FixedFaceFinder(faces), "").score(Pictures.from_rgb(rgb, visible=visible))
    assert found["faces_judged"].item() == 1


def test_every_number_is_declared_and_within_its_bounds(judge: Assessor) -> None:
    detector = FaceQualityDetector(judge, FixedFaceFinder(at((10, 10, 120))), "")
    found = detector.score(pictures(1))
    assert list(found) == [spec.key for spec in detector.metrics]
    for spec in detector.metrics:
        assert spec.low <= found[spec.key].item() <= spec.high


def export(folder: Path, **said: str) -> WeightsFile:
    variant = AssessorVariant("mobilenet_v2", (FaceView.COMPACT,))
    path = folder / "trained.safetensors"
    halves = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network(variant).state_dict().items()
    }
    save_file(halves, path, metadata=make_notes(variant) | said)
    return WeightsFile("sfiqa_mobilenet", path, "0" * 64, WeightsOrigin.EXPLICIT, (path,))


def test_a_weights_file_brings_its_variant_and_finds_real_faces(tmp_path: Path) -> None:
    file = export(tmp_path)
    assert load_assessor(file.path).network.variant == AssessorVariant("mobilenet_v2", (FaceView.COMPACT,))
    detector = from_weights(file)
    assert detector.name == "sfiqa_mobilenet"
    assert detector.fingerprint.startswith("sfiqa_mobilenet@000000000000+mtcnn@")
    assert detector.score(pictures(1))["faces_judged"].item() == 0


@pytest.mark.parametrize(
    "said",
    [
        {"backbone": "vgg"},
        {"views": "side"},
        {"views": "loose"},
        {"rated": "six"},
        {"view_fusion": "perhaps"},
        {"finest": ""},
        {"overall": "guess"},
    ],
)
def test_a_weights_file_for_something_else_is_refused(tmp_path: Path, said: dict[str, str]) -> None:
    with pytest.raises(WeightsUnavailable, match=r"trained\.safetensors"):
        from_weights(export(tmp_path, **said))


@pytest.mark.parametrize("name", sorted(FACE_QUALITY))
def test_without_weights_a_model_is_off_and_says_why(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=f"{name} is off"):
        load_face_quality(name, explicit=tmp_path / "absent.safetensors")


def test_a_dimension_that_failed_its_evidence_is_withheld(tmp_path: Path, judge: Assessor) -> None:
    file = export(tmp_path, withheld="colourfulness contrast")
    assert load_assessor(file.path).withheld == {Dimension.COLOURFULNESS, Dimension.CONTRAST}
    hidden = FaceQualityDetector(
        judge, FixedFaceFinder(at((10, 10, 120))), "", withheld=load_assessor(file.path).withheld
    )
    found = hidden.score(pictures(1))
    shown = {str(name) for name in DIMENSIONS if found[f"face_{name}_best"].isfinite().all()}
    assert shown == {"noise", "sharpness", "fidelity", "overall"}
