"""SGDNet and the variants of its Table 4 (Yang et al., ACM Multimedia 2019)."""

from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from detectors.models.saliency_iqa.network import normalise_imagenet
from detectors.models.sgdnet.backbones import BACKBONES, subtract_caffe_means

FEATURES = 512
REDUCTION = 4
HIDDEN = 1024
DROPOUT = 0.5
SALIENCY_SHARE = 0.25


class Guidance(StrEnum):
    """Where the spatial attention comes from: nowhere, a teacher's map given as input, or the network's own map."""

    NONE = "none"
    DIRECT = "direct"
    MULTI_TASK = "multi_task"


@dataclass(frozen=True, slots=True)
class SgdNetVariant:
    """A row of Table 4; the paper's own model is multi-task with channel attention on ResNet50."""

    backbone: str = "resnet50"
    guidance: Guidance = Guidance.MULTI_TASK
    channel_attention: bool = True


@dataclass(frozen=True, slots=True)
class Prediction:
    """Quality (N,) on the labels' scale; saliency (N, 1, H/32, W/32), at least 0, where the network predicts it."""

    quality: Tensor
    saliency: Tensor | None


class ChannelAttention(nn.Module):
    """Squeeze and excitation, reduction 4 (Hu et al. 2018): 512 to 128 to 512, sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.excitation = nn.Sequential(
            nn.Linear(FEATURES, FEATURES // REDUCTION),
            nn.ReLU(inplace=True),
            nn.Linear(FEATURES // REDUCTION, FEATURES),
            nn.Sigmoid(),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps (N, 512, H, W), each channel weighted by its own number in (0, 1)."""
        weights: Tensor = self.excitation(maps.mean(dim=(2, 3)))
        return maps * weights[:, :, None, None]


class SgdNet(nn.Module):
    """Features, channel attention times spatial attention, global average pooling, three dense layers.

    Ours: the saliency head ends in a ReLU as in the authors' code, so its map is not bounded by 1 as in the paper's
    text; it reads the features before channel attention.
    """

    def __init__(self, variant: SgdNetVariant) -> None:
        super().__init__()
        self.variant = variant
        self.backbone = BACKBONES[variant.backbone]()
        self.adaption = nn.Sequential(nn.Conv2d(self.backbone.channels, FEATURES, 1, bias=False), nn.ReLU(inplace=True))
        self.channel_attention = ChannelAttention() if variant.channel_attention else nn.Identity()
        predicts = variant.guidance is Guidance.MULTI_TASK
        self.saliency = nn.Sequential(nn.Conv2d(FEATURES, 1, 1, bias=False), nn.ReLU()) if predicts else None
        self.quality = nn.Sequential(
            nn.Linear(FEATURES, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(DROPOUT),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(HIDDEN, 1),
        )

    def forward(self, pictures: Tensor, given: Tensor | None = None) -> Prediction:
        """Judge RGB (N, 3, H, W) in [0, 1]; `given` (N, 1, H/32, W/32) is the teacher's map, for direct guidance only.

        The backbone may be of lower precision than the rest. Raises ValueError where a map is needed and absent, or
        given and not wanted.
        """
        if (given is not None) != (self.variant.guidance is Guidance.DIRECT):
            raise ValueError("a saliency map is given exactly where guidance is direct")
        precision = next(self.backbone.parameters()).dtype
        maps = self.backbone(prepare_input(pictures, self.variant.backbone).to(precision))
        return self.predict_quality(self.adaption(maps.to(pictures.dtype)), given)

    def predict_quality(self, raw: Tensor, given: Tensor | None) -> Prediction:
        """Predict the quality from adapted features (N, 512, H/32, W/32).

        Attention, pooling and dense layers are Eqs. 4, 5, 6 and 9.
        """
        predicted = None if self.saliency is None else self.saliency(raw)
        attention = given if given is not None else predicted
        fused = self.channel_attention(raw)
        if attention is not None:
            fused = fused * attention
        quality: Tensor = self.quality(fused.mean(dim=(2, 3)))
        return Prediction(quality.squeeze(1), predicted)


def prepare_input(pictures: Tensor, backbone: str) -> Tensor:
    """Return RGB (N, 3, H, W) in [0, 1] as the backbone's public weights expect it; same shape.

    Keras's ResNet50 and VGG16 take BGR of 0 to 255 less ImageNet's means; MobileNetV2 is ours and takes RGB less mean
    over deviation.
    """
    if backbone == "mobilenet_v2":
        return normalise_imagenet(pictures)
    return subtract_caffe_means(pictures)


def saliency_loss(predicted: Tensor, labels: Tensor) -> Tensor:
    """Half the absolute difference of two maps (N, 1, h, w), each divided by its own sum (Eq. 7); mean over pictures.

    0 for proportional maps, 1 for disjoint ones. Ours: a map of zeros stays zeros.
    """
    return 0.5 * (_shares(predicted) - _shares(labels)).abs().sum(dim=(1, 2, 3)).mean()


def loss(prediction: Prediction, labels: Tensor, saliency_labels: Tensor | None) -> Tensor:
    """Mean absolute error of quality (N,), a scalar, plus 0.25 of the saliency loss where it is predicted (Eq. 8)."""
    error = (prediction.quality - labels).abs().mean()
    if prediction.saliency is None or saliency_labels is None:
        return error
    return error + SALIENCY_SHARE * saliency_loss(prediction.saliency, saliency_labels)


def _shares(maps: Tensor) -> Tensor:
    return maps / maps.sum(dim=(1, 2, 3), keepdim=True).clamp_min(torch.finfo(maps.dtype).tiny)
