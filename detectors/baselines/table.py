"""The six baselines of the detection quality paper's Tables 1 to 4 (VISAPP 2022), by the names those tables use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from detectors.base import Pictures
from detectors.baselines.fidelity import psnr, ssim
from detectors.functional.blocking import blockiness
from detectors.functional.contrast import contrast_rms
from detectors.functional.edges import edge_widths
from detectors.functional.noise import noise_response, noise_sigma


@dataclass(frozen=True, slots=True)
class Baseline:
    """A measure by name. `score(pictures, reference)` returns (N,); `reference` is ignored unless `needs_reference`."""

    name: str
    source: str
    needs_reference: bool
    higher_is_better: bool
    score: Callable[[Pictures, Pictures | None], Tensor]


def _psnr(pictures: Pictures, reference: Pictures | None) -> Tensor:
    return psnr(pictures.luma, _given(reference).luma)


def _ssim(pictures: Pictures, reference: Pictures | None) -> Tensor:
    return ssim(pictures.luma, _given(reference).luma)


def _contrast(pictures: Pictures, _: Pictures | None) -> Tensor:
    return contrast_rms(pictures.luma, pictures.visible)


def _noise(pictures: Pictures, _: Pictures | None) -> Tensor:
    return noise_sigma(noise_response(pictures.luma), pictures.visible)


def _blur(pictures: Pictures, _: Pictures | None) -> Tensor:
    return edge_widths(pictures.luma, pictures.visible)


def _blockiness(pictures: Pictures, _: Pictures | None) -> Tensor:
    return blockiness(pictures.luma, pictures.visible)[0]


def _given(reference: Pictures | None) -> Pictures:
    if reference is None:
        raise ValueError("PSNR and SSIM compare with the original: give it as the reference")
    return reference


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        baseline.name: baseline
        for baseline in (
            Baseline("contrast", "RMS, Peli 1990", False, True, _contrast),
            Baseline("noise", "Immerkær 1996, for the paper's Janowski & Papir 2009", False, False, _noise),
            Baseline("blur", "Marziliano et al. 2002, for the paper's Mu et al. 2012", False, False, _blur),
            Baseline("psnr", "luma, dB", True, True, _psnr),
            Baseline("blockiness", "steps on the 8-pixel grid over those off it", False, False, _blockiness),
            Baseline("ssim", "Wang et al. 2004", True, True, _ssim),
        )
    }
)
"""In the order of the paper's tables. Noise and blur are substitutes: the paper gives neither formula."""
