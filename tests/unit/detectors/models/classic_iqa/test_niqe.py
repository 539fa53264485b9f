"""NIQE as scikit-video 1.1.11 computes it (its figures written down here), and as a measure of drift."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.io import savemat

from detectors.models.classic_iqa.niqe import Niqe, fit_niqe, from_matlab, from_safetensors, patch_features, to_tensors
from detectors.models.pictures import Pictures
from detectors.models.weights import WeightsUnavailable
from tests.unit.detectors.sample_pictures import Codes, blurred, luma, noisy, photograph

CAMERA = photograph("camera")


def crops(picture: Codes) -> list[Pictures]:
    """Four overlapping quarters, as four frames of one camera."""
    starts = [(0, 0), (0, 120), (120, 0), (120, 120)]
    return [Pictures(luma(picture[top : top + 384, left : left + 384])) for top, left in starts]


@pytest.fixture(scope="module")
def own() -> Niqe:
    """Fitted to a richly structured picture, whose sharp patches are enough."""
    return fit_niqe([*crops(photograph("grass")), *crops(photograph("gravel")), *crops(CAMERA)])


@pytest.mark.data
@pytest.mark.parametrize(
    ("picture", "score"),
    [
        (CAMERA, 9.071),
        (photograph("coffee"), 8.354),
        (blurred(photograph("grass"), 2.0), 24.023),
        (noisy(CAMERA, 15), 17.567),
        (photograph("chelsea"), 11.753),
    ],
)
def test_the_distance_from_the_published_model_is_scikit_videos(
    data_folder: Path, picture: Codes, score: float
) -> None:
    model = from_matlab(data_folder / "reference-models" / "niqe_image_params.mat")
    assert len(model.kept) == 32
    assert model.score(Pictures(luma(picture))).item() == pytest.approx(score, rel=2e-3)


def test_the_distance_by_hand() -> None:
    """Equal covariances pool to themselves; a mean two deviations off in one feature is 2 away."""
    features, _ = patch_features(luma(CAMERA)[0, 0])
    chosen = torch.tensor([0, 1])
    covariance = torch.cov(features[:, chosen].T)
    direction = torch.linalg.cholesky(covariance)[:, 0]
    model = Niqe(features[:, chosen].mean(dim=0) + 2 * direction, covariance, chosen)
    assert model.score(Pictures(luma(CAMERA))).item() == pytest.approx(2, abs=1e-5)


def test_columns_that_a_model_has_twice_are_left_out(tmp_path: Path, own: Niqe) -> None:
    order = np.arange(36)
    order[[13, 17, 31, 35]] = order[[12, 16, 30, 34]]
    mean, covariance = own.mean.numpy()[order], own.covariance.numpy()[np.ix_(order, order)]
    savemat(tmp_path / "model.mat", {"pop_mu": mean[None], "pop_cov": covariance})
    assert set(range(36)) - set(from_matlab(tmp_path / "model.mat").kept.tolist()) == {13, 17, 31, 35}
    savemat(tmp_path / "whole.mat", {"pop_mu": own.mean.numpy()[None], "pop_cov": own.covariance.numpy()})
    assert len(from_matlab(tmp_path / "whole.mat").kept) == 36


def test_a_camera_that_drifts_moves_away_from_its_own_good_frames(own: Niqe) -> None:
    good, *worse = (
        own.score(Pictures(luma(picture))).item()
        for picture in (CAMERA, noisy(CAMERA, 10), noisy(CAMERA, 30), blurred(CAMERA, 1.5))
    )
    assert good < min(worse)
    assert worse[0] < worse[1]


def test_the_same_alone_and_in_a_batch(own: Niqe) -> None:
    pictures = luma(CAMERA, noisy(CAMERA, 10))
    alone = torch.cat([own.score(Pictures(pictures[i : i + 1])) for i in range(2)])
    assert torch.equal(own.score(Pictures(pictures)), alone)


@pytest.mark.parametrize(("size", "measured"), [((191, 800), True), ((191, 191), False), ((95, 800), False)])
def test_fewer_than_four_patches_are_no_picture_to_judge(own: Niqe, size: tuple[int, int], measured: bool) -> None:
    torch.manual_seed(0)
    assert own.score(Pictures(torch.rand(1, 1, *size))).isfinite().item() == measured


def test_a_model_survives_its_file(own: Niqe, tmp_path: Path) -> None:
    save_file(dict(to_tensors(own)), tmp_path / "own.safetensors")
    picture = Pictures(luma(CAMERA))
    assert torch.equal(from_safetensors(tmp_path / "own.safetensors").score(picture), own.score(picture))


def test_too_few_sharp_patches_are_no_model() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit_niqe([Pictures(luma(CAMERA))])
    with pytest.raises(ValueError, match="too few"):
        fit_niqe([])


def test_other_files_are_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsUnavailable, match="lacks 'mean'"):
        from_safetensors(tmp_path / "other.safetensors")
    (tmp_path / "text.mat").write_text("nothing")
    with pytest.raises(WeightsUnavailable, match="not a model"):
        from_matlab(tmp_path / "text.mat")
    savemat(tmp_path / "small.mat", {"pop_mu": np.zeros((1, 3)), "pop_cov": np.zeros((3, 3))})
    with pytest.raises(WeightsUnavailable, match="36 features"):
        from_matlab(tmp_path / "small.mat")
    with pytest.raises(WeightsUnavailable, match="no file at"):
        from_matlab(tmp_path / "nowhere.mat")
