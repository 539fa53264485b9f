"""The six baselines of the detection quality paper's Tables 1 to 4 (VISAPP 2022), by the names those tables use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from detectors.metrics.functional.coding import blockiness
from detectors.metrics.functional.contrast import contrast_rms
from detectors.metrics.functional.noise import noise_response, noise_sigma
from detectors.metrics.functional.sharpness import edge_widths
from detectors.models.classic_iqa.fidelity import psnr, ssim
from detectors.models.pictures import Pictures


@dataclass(frozen=True, slots=True)
class ComparisonMeasure:
    """A measure by name. `score(pictures, reference)` returns (N,); `reference` is ignored unless `needs_reference`."""

    name: str
    source: str
    needs_reference: bool
    higher_is_better: bool
    score: Callable[[Pictures, Pictures | None], Tensor]


def _psnr(pictures: Pictures, reference: Pictures | None) -> Tensor:
    return psnr(pictures.luma, _require_reference(reference).luma)


def _ssim(pictures: Pictures, reference: Pictures | None) -> Tensor:
    return ssim(pictures.luma, _require_reference(reference).luma)


def _contrast(pictures: Pictures, _: Pictures | None) -> Tensor:
    return contrast_rms(pictures.luma, pictures.visible)


def _noise(pictures: Pictures, _: Pictures | None) -> Tensor:
    return noise_sigma(noise_response(pictures.luma), pictures.visible)


def _blur(pictures: Pictures, _: Pictures | None) -> Tensor:
    return edge_widths(pictures.luma, pictures.visible)


def _blockiness(pictures: Pictures, _: Pictures | None) -> Tensor:
    return blockiness(pictures.luma, pictures.visible)[0]


def _require_reference(reference: Pictures | None) -> Pictures:
    if reference is None:
        raise ValueError("PSNR and SSIM compare with the original: give it as the reference")
    return reference


COMPARISON_MEASURES: Mapping[str, ComparisonMeasure] = MappingProxyType(
    {
        baseline.name: baseline
        for baseline in (
            ComparisonMeasure("contrast", "RMS, Peli 1990", False, True, _contrast),
            ComparisonMeasure("noise", "Immerkær 1996, for the paper's Janowski & Papir 2009", False, False, _noise),
            ComparisonMeasure("blur", "Marziliano et al. 2002, for the paper's Mu et al. 2012", False, False, _blur),
            ComparisonMeasure("psnr", "luma, dB", True, True, _psnr),
            ComparisonMeasure("blockiness", "steps on the 8-pixel grid over those off it", False, False, _blockiness),
            ComparisonMeasure("ssim", "Wang et al. 2004", True, True, _ssim),
        )
    }
)
"""In the order of the paper's tables. Noise and blur are substitutes: the paper gives neither formula."""
