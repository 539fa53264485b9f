"""The six baselines of the detection quality paper's Tables 1 to 4 (VISAPP 2022), by the names those tables use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from torch import Tensor

from detectors.metrics.contrast import contrast_rms
from detectors.metrics.functional.blocking import blockiness
from detectors.metrics.functional.edges import edge_width
from detectors.metrics.noise import NoiseMetrics
from detectors.metrics.picture.codes import code_range
from detectors.metrics.picture.decoded_picture import DecodedPicture
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
    return _measure_each(pictures, contrast_rms)


def _noise(pictures: Pictures, _: Pictures | None) -> Tensor:
    return _measure_each(pictures, lambda picture: NoiseMetrics().measure(picture)["noise_sigma"])


def _blur(pictures: Pictures, _: Pictures | None) -> Tensor:
    return _measure_each(pictures, edge_width)


def _blockiness(pictures: Pictures, _: Pictures | None) -> Tensor:
    return _measure_each(pictures, lambda picture: blockiness(picture)[0])


def _measure_each(pictures: Pictures, measure: Callable[[DecodedPicture], float]) -> Tensor:
    """Return (N,) of a metric, luma as 12-bit codes; masks are not asked for here."""
    codes = code_range(12, full=True)
    planes = pictures.luma[:, 0].mul(codes.highest).round().cpu().numpy().astype(np.uint16)
    return pictures.luma.new_tensor([measure(DecodedPicture(plane, None, codes)) for plane in planes])


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
