"""The picture-fault network: what detectability's trunk already found, a branch trained for faults, one head. Ours.

The trunk is detectability's, weight for weight and never trained, so that a picture for both passes it once. Its
statistics say what the picture is made of. The branch looks at the trunk's maps at stride 8 for what has a place:
drops, covers, torn rows, wet glass. The head sees both, and what can be measured without learning: how light, colour
and detail are spread. It answers for every kind of fault, and for any fault at all.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from detectors.models.detection_quality.networks import (
    MAP_CHANNELS,
    SHALLOW_BLOCKS,
    SHALLOW_STATISTICS,
    STRIDE,
    TRUNK_BLOCKS,
    deep_statistics,
    shallow_features,
)
from detectors.models.detection_quality.networks import STATISTICS as TRUNK_STATISTICS
from detectors.models.picture_faults.kinds import KINDS
from detectors.models.picture_faults.statistics import SURFACE_STATISTICS, surface_statistics
from detectors.models.saliency_iqa.backbones import MobileNetV2, convolution
from detectors.models.saliency_iqa.network import normalise_imagenet

CHANNELS = (64, 96, 128, 128)
"""Of the branch's four convolutions; the first and the third halve the size."""
BRANCH_STATISTICS = 3 * CHANNELS[-1] + len(KINDS)
STATISTICS = TRUNK_STATISTICS + BRANCH_STATISTICS + SURFACE_STATISTICS
ANSWERS = len(KINDS) + 1
"""Every kind, and behind them any fault at all."""
HIDDEN = 512
SHARPNESS = 4.0
"""Of the soft maximum over places."""
FARTHEST = 6.0
"""A statistic counts as so many deviations from its mean at most: an unseen kind of picture must not dominate."""


class PictureFaults(nn.Module):
    """Logits of the kinds of fault and of any, and by answer a calibration: probability = sigmoid(a * logit + b)."""

    centre: Tensor
    spread: Tensor
    calibration: Tensor

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.trunk = MobileNetV2().features[:TRUNK_BLOCKS]
        inputs, layers = MAP_CHANNELS, []
        for index, outputs in enumerate(CHANNELS):
            layers += [*convolution(inputs, outputs, 3, stride=2 - index % 2), nn.ReLU(inplace=True)]
            inputs = outputs
        self.branch = nn.Sequential(*layers)
        self.places = nn.Conv2d(inputs, len(KINDS), 1)
        self.head = nn.Sequential(
            nn.Dropout(dropout / 2),
            *(nn.Linear(STATISTICS, HIDDEN), nn.ReLU(inplace=True), nn.Dropout(dropout), nn.Linear(HIDDEN, ANSWERS)),
        )
        self.register_buffer("centre", torch.zeros(STATISTICS))
        self.register_buffer("spread", torch.ones(STATISTICS))
        self.register_buffer("calibration", torch.tensor([[1.0, 0.0]] * ANSWERS))

    def logits(self, statistics: Tensor) -> Tensor:
        """(N, ANSWERS) of the trunk's, the branch's and the surface's statistics side by side (N, STATISTICS).

        Any fault at all is what the kinds' odds add up to, and what the head adds or takes away.
        """
        answer: Tensor = self.head(((statistics - self.centre) / self.spread).clamp(-FARTHEST, FARTHEST))
        kinds, more = answer[:, :-1], answer[:, -1:]
        return torch.cat([kinds, kinds.logsumexp(dim=1, keepdim=True) + more], dim=1)

    def probabilities(self, statistics: Tensor) -> Tensor:
        """(N, kinds) in [0, 1], calibrated; see `name_faults`."""
        return name_faults(torch.sigmoid(self.calibration[:, 0] * self.logits(statistics) + self.calibration[:, 1]))

    def forward(self, pictures: Tensor) -> Tensor:
        """Probabilities (N, kinds) of RGB (N, 3, H, W) in [0, 1], the longer side 416."""
        flat = shallow_features(self.trunk[:SHALLOW_BLOCKS], normalise_imagenet(pictures))
        height, width = (-(-side // STRIDE) for side in pictures.shape[-2:])
        maps = flat[:, SHALLOW_STATISTICS:].reshape(len(flat), MAP_CHANNELS, height, width)
        trunk = [flat[:, :SHALLOW_STATISTICS], deep_statistics(self.trunk[SHALLOW_BLOCKS:], maps)]
        branch = branch_statistics(nn.ModuleList([self.branch, self.places]), maps)
        return self.probabilities(torch.cat([*trunk, branch, surface_statistics(pictures)], dim=1))


def name_faults(answers: Tensor) -> Tensor:
    """(N, kinds) of calibrated answers (N, ANSWERS): the likeliest kind is at least as likely as any fault at all.

    A wet dome looks a little like fog, like dirt, like defocus: that something is wrong is sure before its name is.
    """
    kinds, anything = answers[:, :-1], answers[:, -1:]
    likeliest = one_hot(kinds.argmax(dim=1), kinds.shape[1]).bool()
    return torch.where(likeliest, torch.maximum(kinds, anything), kinds)


def branch_statistics(parts: nn.ModuleList, maps: Tensor) -> Tensor:
    """(N, 400) of the branch over the trunk's maps (N, 32, h, w); `parts` are the branch and its places."""
    branch, places = parts
    found = branch(maps)
    deviation, mean = torch.std_mean(found.float(), dim=(2, 3), correction=0)
    suspicious = SHARPNESS * places(found).float().flatten(2)
    most = suspicious.amax(dim=2, keepdim=True)
    soft_maximum = (most.squeeze(2) + (suspicious - most).exp().mean(dim=2).log()) / SHARPNESS
    return torch.cat([mean, deviation, found.float().amax(dim=(2, 3)), soft_maximum], dim=1)
