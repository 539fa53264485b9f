"""PSNR and SSIM as scikit-image and FFmpeg compute them."""

from collections.abc import Callable
from fractions import Fraction

import av
import av.filter
import pytest
import torch
from skimage import metrics

from detectors.models.classic_iqa.fidelity import psnr, ssim
from tests.unit.detectors.sample_pictures import Codes, blurred, jpeg, luma, noisy, photograph

peak_signal_noise_ratio: Callable[..., float] = metrics.peak_signal_noise_ratio
structural_similarity: Callable[..., float] = metrics.structural_similarity
CHANGES = {
    "noise": noisy(photograph("camera"), 12),
    "blur": blurred(photograph("camera"), 1.5),
    "jpeg": jpeg(photograph("camera"), 20),
}


def compare_by_ffmpeg(name: str, picture: Codes, reference: Codes) -> dict[str, str]:
    """The metadata of FFmpeg's filter `name` on two full-range luma pictures."""
    graph = av.filter.Graph()
    height, width = picture.shape
    options = {"width": width, "height": height, "format": av.VideoFormat("gray"), "time_base": Fraction(1, 25)}
    sources = [graph.add_buffer(**options) for _ in range(2)]
    judge, sink = graph.add(name), graph.add("buffersink")
    for number, source in enumerate(sources):
        source.link_to(judge, 0, number)
    judge.link_to(sink)
    graph.configure()
    for source, codes in zip(sources, (picture, reference), strict=True):
        frame = av.VideoFrame.from_ndarray(codes, format="gray")
        frame.pts = 0
        source.push(frame)
        source.push(None)
    return dict(sink.pull().metadata)


@pytest.mark.parametrize("change", CHANGES)
def test_psnr_is_scikit_images_and_ffmpegs(change: str) -> None:
    picture, reference = CHANGES[change], photograph("camera")
    found = psnr(luma(picture), luma(reference)).item()
    assert found == pytest.approx(peak_signal_noise_ratio(reference, picture), abs=1e-4)
    assert found == pytest.approx(float(compare_by_ffmpeg("psnr", picture, reference)["lavfi.psnr.psnr.y"]), abs=0.01)


@pytest.mark.parametrize("change", CHANGES)
def test_ssim_is_scikit_images(change: str) -> None:
    picture, reference = CHANGES[change], photograph("camera")
    theirs = structural_similarity(reference, picture, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    assert ssim(luma(picture), luma(reference)).item() == pytest.approx(theirs, abs=1e-5)


def test_ffmpegs_ssim_of_square_windows_agrees_on_which_is_worse() -> None:
    """FFmpeg's windows are 8 x 8 and even: other values, the same order, no further than .06."""
    reference = photograph("camera")
    ours = {name: ssim(luma(picture), luma(reference)).item() for name, picture in CHANGES.items()}
    theirs = {
        name: float(compare_by_ffmpeg("ssim", picture, reference)["lavfi.ssim.Y"]) for name, picture in CHANGES.items()
    }
    assert sorted(ours, key=lambda name: ours[name]) == sorted(theirs, key=lambda name: theirs[name])
    assert ours == pytest.approx(theirs, abs=0.06)


def test_a_step_of_one_level_everywhere_is_48_db() -> None:
    """20 log10(255) = 48.13."""
    picture = torch.full((1, 1, 4, 4), 0.5)
    assert psnr(picture, picture + 1 / 255).item() == pytest.approx(48.1308, abs=1e-3)


def test_equal_pictures_have_no_noise_and_full_similarity() -> None:
    picture = luma(photograph("camera"))
    assert psnr(picture, picture).item() == float("inf")
    assert ssim(picture, picture).item() == pytest.approx(1)


def test_ssim_of_flat_pictures_is_their_luminance_term() -> None:
    """(2 * .25 * .75 + 1e-4) / (.25^2 + .75^2 + 1e-4) = .3751 / .6251."""
    found = ssim(torch.full((1, 1, 16, 16), 0.25), torch.full((1, 1, 16, 16), 0.75))
    assert found.item() == pytest.approx(0.3751 / 0.6251, abs=1e-6)


def test_rows_do_not_depend_on_each_other() -> None:
    pictures, reference = luma(*CHANGES.values()), luma(*[photograph("camera")] * 3)
    for measure in (psnr, ssim):
        alone = torch.cat([measure(pictures[i : i + 1], reference[i : i + 1]) for i in range(3)])
        assert torch.equal(measure(pictures, reference), alone)


def test_other_sizes_are_refused_and_tiny_ones_have_no_ssim() -> None:
    small, large = torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 9)
    with pytest.raises(ValueError, match="cannot be compared"):
        psnr(small, large)
    with pytest.raises(ValueError, match="cannot be compared"):
        ssim(small, large)
    assert ssim(small, small).isnan().all()
