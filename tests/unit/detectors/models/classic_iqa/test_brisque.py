"""BRISQUE's features and scores as OpenCV's quality module computes them (4.14, its figures written down here)."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from detectors.models.classic_iqa.brisque import (
    FEATURES,
    Brisque,
    SupportVectorRegression,
    brisque_features,
    from_opencv,
    from_safetensors,
    to_safetensors,
)
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsUnavailable
from tests.unit.detectors.sample_pictures import blurred, jpeg, luma, noisy, photograph

# fmt: off
OPENCV_FEATURES = {
    "camera": (
        1.56400, 0.28375, 0.55300, -0.00977, 0.11909, 0.10766, 0.55300, 0.01860, 0.09986, 0.12133, 0.55200, -0.04623,
        0.13890, 0.08543, 0.55000, -0.04811, 0.13972, 0.08409, 1.49000, 0.31193, 0.55700, -0.01497, 0.14820, 0.12891,
        0.54500, -0.02467, 0.15927, 0.12669, 0.55300, -0.03575, 0.15772, 0.11224, 0.55000, -0.04924, 0.16885, 0.10572,
    ),
    "coffee": (
        1.71600, 0.29146, 0.61700, 0.02212, 0.08858, 0.11173, 0.61100, -0.02275, 0.11533, 0.09107, 0.59500, -0.09603,
        0.16713, 0.06118, 0.55600, 0.11838, 0.05456, 0.19252, 1.69200, 0.34124, 0.60800, -0.05830, 0.19004, 0.11479,
        0.59900, -0.09689, 0.22448, 0.09693, 0.59200, -0.03721, 0.17322, 0.12496, 0.56600, 0.10295, 0.08931, 0.22642,
    ),
    "grass, blurred": (
        2.05700, 0.10093, 0.65900, 0.09091, 0.00022, 0.02603, 0.66000, 0.09077, 0.00022, 0.02598, 0.70800, 0.07976,
        0.00066, 0.02274, 0.70800, 0.08040, 0.00059, 0.02268, 2.99800, 0.25411, 0.91300, 0.17466, 0.00896, 0.12084,
        0.92500, 0.17364, 0.00919, 0.12005, 0.96900, 0.09960, 0.02500, 0.09006, 0.97900, 0.09757, 0.02522, 0.08852,
    ),
    "chelsea": (
        1.41400, 0.23149, 0.53100, 0.05076, 0.05642, 0.10722, 0.53300, 0.02173, 0.06947, 0.09120, 0.53800, -0.03499,
        0.09895, 0.06399, 0.51700, 0.00350, 0.07920, 0.08277, 1.56700, 0.29873, 0.58200, 0.00827, 0.12464, 0.13475,
        0.58300, -0.02592, 0.14216, 0.11093, 0.59400, -0.03396, 0.13798, 0.09880, 0.57000, -0.02475, 0.13969, 0.10978,
    ),
}
# fmt: on
PICTURES = {
    "camera": photograph("camera"),
    "coffee": photograph("coffee"),
    "grass, blurred": blurred(photograph("grass"), 2.0),
    "camera, noisy": noisy(photograph("camera"), 15),
    "camera, jpeg": jpeg(photograph("camera"), 10),
    "chelsea": photograph("chelsea"),
}


@pytest.mark.parametrize("name", OPENCV_FEATURES)
def test_the_features_are_opencvs(name: str) -> None:
    """To a thousandth, the step in which both look for the shapes."""
    found = brisque_features(luma(PICTURES[name]))[0]
    torch.testing.assert_close(found, torch.tensor(OPENCV_FEATURES[name], dtype=torch.float64), atol=1.1e-3, rtol=0)


@pytest.fixture(scope="module")
def published(data_folder: Path) -> Brisque:
    folder = data_folder / "reference-models"
    return from_opencv(folder / "brisque_model_live.yml", folder / "brisque_range_live.yml")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "score"),
    [("camera", 0.0), ("coffee", 3.606), ("grass, blurred", 62.383), ("camera, noisy", 54.396), ("chelsea", 2.049)],
)
def test_the_score_of_the_published_regression_is_opencvs(published: Brisque, name: str, score: float) -> None:
    assert published.score(Pictures(luma(PICTURES[name]))).item() == pytest.approx(score, abs=0.05)


@pytest.mark.data
def test_where_blocks_are_even_opencv_counts_its_rounding_errors_and_ours_does_not(published: Brisque) -> None:
    """OpenCV says 57.45: in single precision an even block is noise around zero, or not a number."""
    assert published.score(Pictures(luma(PICTURES["camera, jpeg"]))).item() == pytest.approx(57.448, abs=1.5)


def regression() -> SupportVectorRegression:
    """One support vector in the middle of the range: the score is 50 there and falls with distance."""
    ones = torch.ones(FEATURES, dtype=torch.float64)
    return SupportVectorRegression(
        -ones, ones, 0 * ones[None], torch.tensor([50.0], dtype=torch.float64), rho=0.0, gamma=0.05
    )


def test_the_regression_by_hand() -> None:
    """One feature a whole range away from the vector: 50 exp(-.05); slope and level apply after."""
    at, off = torch.zeros(1, FEATURES, dtype=torch.float64), torch.zeros(1, FEATURES, dtype=torch.float64)
    off[0, 3] = 1
    plain = regression()
    assert plain(at).item() == pytest.approx(50)
    assert plain(off).item() == pytest.approx(50 * math.exp(-0.05))
    stretched = SupportVectorRegression(
        plain.low, plain.high, plain.vectors, plain.shares, 10.0, 0.05, slope=-2.0, level=100.0
    )
    assert stretched(at).item() == pytest.approx(100 - 2 * (50 - 10))


def test_the_same_alone_and_in_a_batch() -> None:
    model, pictures = Brisque(regression()), luma(PICTURES["camera"], PICTURES["camera, noisy"])
    alone = torch.cat([model.score(Pictures(pictures[i : i + 1])) for i in range(2)])
    assert torch.equal(model.score(Pictures(pictures)), alone)


def test_what_has_no_structure_or_is_tiny_is_not_measured() -> None:
    model = Brisque(regression())
    assert model.score(Pictures(torch.full((2, 1, 64, 64), 0.5))).isnan().all()
    assert model.score(Pictures(torch.rand(1, 1, 15, 64))).isnan().all()
    assert model.score(Pictures(torch.rand(1, 1, 16, 900))).isfinite().all()


def test_a_regression_survives_its_file(tmp_path: Path) -> None:
    tensors, notes = to_safetensors(regression())
    save_file(dict(tensors), tmp_path / "own.safetensors", metadata=dict(notes))
    features = torch.rand(3, FEATURES, dtype=torch.float64)
    assert torch.equal(from_safetensors(tmp_path / "own.safetensors").regression(features), regression()(features))


def test_other_files_are_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsUnavailable, match="not a regression"):
        from_safetensors(tmp_path / "other.safetensors")
    (tmp_path / "model.yml").write_text("%YAML:1.0\n---\nopencv_ml_svm:\n   svmType: C_SVC\n   kernel: {type: RBF}\n")
    with pytest.raises(WeightsUnavailable, match="another machine"):
        from_opencv(tmp_path / "model.yml", tmp_path / "model.yml")
    (tmp_path / "text.yml").write_text("- nothing\n")
    with pytest.raises(WeightsUnavailable, match="not a support vector machine"):
        from_opencv(tmp_path / "text.yml", tmp_path / "text.yml")
    with pytest.raises(WeightsUnavailable, match="no file at"):
        from_opencv(tmp_path / "nowhere.yml", tmp_path / "nowhere.yml")
