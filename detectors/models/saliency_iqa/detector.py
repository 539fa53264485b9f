"""The picture's quality as people would judge it, 0 to 100, from bundled or given weights."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from detectors.models import weights
from detectors.models.pictures import SMALL_SIDE, Pictures
from detectors.models.runtime import FeatureExtractor, fast_precision, name_arithmetic, place_on
from detectors.models.saliency.providers import PROVIDERS, ChosenSaliency, SaliencyProvider, choose_saliency
from detectors.models.saliency_iqa.backbones import BACKBONES, normed_convolutions
from detectors.models.saliency_iqa.network import GLOBAL_SIDE, LOCAL_SIDE, SaliencyIqa, normalise_imagenet
from detectors.models.saliency_iqa.noise_haze import CORRECTION, MeasuredCorrection
from detectors.models.saliency_iqa.views import global_view_of_pictures, local_view_of_pictures
from detectors.models.weights import WeightsFile, WeightsUnavailable
from domain.metrics import Direction, MetricSpec

MODEL = "saliency_iqa"
SMALLEST_SIDE = 64
"""Below this a picture would be enlarged more than sevenfold: its quality as people see it is not assessable."""

IMAGE_QUALITY = MetricSpec(
    key="image_quality",
    label="image quality",
    unit="0-100, mean opinion",
    low=0.0,
    high=100.0,
    direction=Direction.HIGHER_IS_BETTER,
    source="Lu et al. 2022 (arXiv 2206.04318), trained as weights/saliency_iqa.md says, less measured points",
)


class SaliencyIqaDetector:
    """Saliency IQA as a detector; stateless, and the same picture scores the same alone and in any batch.

    The score is clip(100 q - c, 0, 100): q is the network's opinion, c >= 0 what `MeasuredCorrection` takes off for
    measured noise, haze, softness and lack of detail (ours; 0 without a correction). Masked areas attract no window
    and count in no correction; the global view still shows them. NaN where a side is under 64 pixels.
    """

    name = MODEL
    metrics = (IMAGE_QUALITY,)

    def __init__(
        self,
        network: SaliencyIqa,
        provider: SaliencyProvider,
        fingerprint: str,
        *,
        precision: torch.dtype = torch.float32,
        saliency_side: int = SMALL_SIDE,
        correction: MeasuredCorrection | None = None,
    ) -> None:
        """`network` predicts opinions on a scale of 0 to 1; it is put into evaluation mode and its norms are fused.

        `precision` is the backbones'; saliency, pooling and heads stay in single precision or better. Saliency is asked
        of the picture reduced to `saliency_side` on its longer side.
        """
        self.fingerprint = fingerprint
        fuse_batch_norms(network.eval())
        self._network = network
        self._global = FeatureExtractor(_pool, network.global_branch.backbone, precision, (GLOBAL_SIDE, GLOBAL_SIDE))
        self._local = FeatureExtractor(_pool, network.local_branch.backbone, precision, (LOCAL_SIDE, LOCAL_SIDE))
        self._saliency = provider
        self._saliency_side = saliency_side
        self._correction = correction

    @torch.inference_mode()
    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return `image_quality` (N,) float32, 0 to 100."""
        luma = pictures.luma
        if min(luma.shape[-2:]) < SMALLEST_SIDE:
            return {IMAGE_QUALITY.key: luma.new_full((len(pictures),), float("nan"))}
        network = place_on(self._network, luma.device)
        whole, window = (normalise_imagenet(view) for view in self.views(pictures))
        opinion = network.combine(
            network.global_branch.answer(self._global(whole)), network.local_branch.answer(self._local(window))
        )
        points = 100 * opinion
        if self._correction is not None:
            points = points - self._correction.points(pictures)
        return {IMAGE_QUALITY.key: points.clamp(IMAGE_QUALITY.low, IMAGE_QUALITY.high)}

    def views(self, pictures: Pictures) -> tuple[Tensor, Tensor]:
        """What the branches see: (N, 3, 448, 448) and (N, 3, 224, 224), RGB in [0, 1]."""
        maps = self._saliency(pictures.reduced_rgb(self._saliency_side))
        if pictures.visible is not None:
            visible = pictures.visible.to(maps.dtype)
            maps = maps * nn.functional.adaptive_avg_pool2d(visible, (maps.shape[-2], maps.shape[-1]))
        return global_view_of_pictures(pictures), local_view_of_pictures(pictures, maps)


def _pool(backbone: nn.Module, pictures: Tensor) -> Tensor:
    maps: Tensor = backbone(pictures)
    return maps.float().mean(dim=(2, 3))


def load_saliency_iqa(
    explicit: Path | None = None,
    downloads: Path | None = None,
    *,
    provider: ChosenSaliency | None = None,
    local_weight: float | None = None,
    correction: MeasuredCorrection | None = CORRECTION,
) -> SaliencyIqaDetector:
    """The detector with the operator's, the bundled or the downloaded weights; raises WeightsUnavailable without.

    `provider` (`detectors.models.saliency.providers.choose_saliency`) and `local_weight` take the place of what was
    trained with; `correction` None leaves the network's opinion as it is.
    """
    file = weights.locate_weights(MODEL, explicit=explicit, downloads=downloads)
    return from_weights(
        file, provider=provider, local_weight=local_weight, precision=fast_precision(), correction=correction
    )


def from_weights(
    file: WeightsFile,
    *,
    provider: ChosenSaliency | None = None,
    local_weight: float | None = None,
    precision: torch.dtype = torch.float32,
    correction: MeasuredCorrection | None = None,
) -> SaliencyIqaDetector:
    """The detector that a weights file describes: its notes name `backbone`, `choose_saliency` and `local_weight`.

    A `provider` or `local_weight` other than the one named becomes part of the fingerprint, and so does a
    `correction`; without one the score is the network's opinion alone. Raises WeightsUnavailable where the notes name
    something else, the tensors do not fit, or the saliency named needs weights of its own and none is given.
    """
    tensors, notes = weights.read_weights(file.path)
    try:
        backbone, named, trained = notes["backbone"], notes["saliency"], float(notes["local_weight"])
    except (KeyError, ValueError) as error:
        raise WeightsUnavailable(
            f"{file.path} does not say which network it is for: {error}; export it again"
        ) from error
    if backbone not in BACKBONES or named not in PROVIDERS:
        raise WeightsUnavailable(f"{file.path} is for {backbone} with {named}, which this version does not know")
    share = trained if local_weight is None else local_weight
    network = SaliencyIqa(backbone, share)
    weights.load_into(network, tensors, file.path)
    chosen = choose_saliency(named) if provider is None else provider
    fingerprint = file.fingerprint + name_arithmetic(precision)
    fingerprint += "" if correction is None else f"+{correction.fingerprint}"
    fingerprint += "" if chosen.fingerprint == named else f"+{chosen.fingerprint}"
    fingerprint += "" if share == trained else f"+w={share:g}"
    return SaliencyIqaDetector(
        network,
        chosen.provider,
        fingerprint,
        precision=precision,
        saliency_side=chosen.longer_side,
        correction=correction,
    )


def fuse_batch_norms(network: nn.Module) -> nn.Module:
    """Merge, in place, every batch norm into the convolution before it; the function is the same, to rounding."""
    for name, convolution, norm_name, norm in normed_convolutions(network):
        network.set_submodule(name, fuse_conv_bn_eval(convolution, norm))
        network.set_submodule(norm_name, nn.Identity())
    return network
