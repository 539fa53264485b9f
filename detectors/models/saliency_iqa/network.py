"""The two branches of saliency IQA (Lu et al. 2022, arXiv 2206.04318, section 2) and their weighted sum."""

import torch
from torch import Tensor, nn

from detectors.models.saliency_iqa.backbones import BACKBONES

GLOBAL_SIDE = 448
LOCAL_SIDE = 224
LOCAL_WEIGHT = 0.2
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Branch(nn.Module):
    """Backbone, global average pooling, FC 128, FC 1 (Eqs. 2-4); the ReLU between the two is ours."""

    def __init__(self, backbone: str, dropout: float = 0.0) -> None:
        super().__init__()
        self.backbone = BACKBONES[backbone]()
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(self.backbone.channels, 128), nn.ReLU(inplace=True), nn.Linear(128, 1)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Quality (N,) of RGB pictures (N, 3, H, W) in [0, 1], on the scale of the labels trained on.

        The backbone may be of lower precision than the head, whose answer it would round to half a point of 100.
        """
        precision = next(self.backbone.parameters()).dtype
        maps = self.backbone(normalise_imagenet(pictures).to(precision))
        return self.answer(maps.to(pictures.dtype).mean(dim=(2, 3)))

    def answer(self, pooled: Tensor) -> Tensor:
        """Quality (N,) of the backbone's maps averaged over their places, (N, channels)."""
        quality: Tensor = self.head(pooled)
        return quality.squeeze(1)

    def start_at(self, quality: float) -> None:
        """Let an untrained head answer about `quality` from its first step on."""
        last = self.head[-1]
        assert isinstance(last, nn.Linear)
        nn.init.constant_(last.bias, quality)


class SaliencyIqa(nn.Module):
    """q = w * local + (1 - w) * global (Eq. 5), w = 0.2 (Table 3); the branches share no weights."""

    def __init__(self, backbone: str = "resnet18", local_weight: float = LOCAL_WEIGHT, dropout: float = 0.0) -> None:
        super().__init__()
        self.global_branch = Branch(backbone, dropout)
        self.local_branch = Branch(backbone, dropout)
        self.local_weight = local_weight

    def forward(self, whole: Tensor, window: Tensor) -> Tensor:
        """Quality (N,) from `whole` (N, 3, 448, 448) and `window` (N, 3, 224, 224), RGB in [0, 1]."""
        return self.combine(self.global_branch(whole), self.local_branch(window))

    def combine(self, whole: Tensor, window: Tensor) -> Tensor:
        """Eq. 5 of the branches' qualities (N,)."""
        return self.local_weight * window + (1 - self.local_weight) * whole


def normalise_imagenet(pictures: Tensor) -> Tensor:
    """Bring RGB (N, 3, H, W) in [0, 1] to ImageNet's zero mean and unit deviation of each channel; same shape."""
    mean = torch.tensor(IMAGENET_MEAN, dtype=pictures.dtype, device=pictures.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, dtype=pictures.dtype, device=pictures.device).view(1, 3, 1, 1)
    return (pictures - mean) / std
