"""The picture-fault network: what detectability's trunk already found, a branch trained for faults, one head. Ours.

The trunk is detectability's, weight for weight and never trained, so that a look that asks both pays for it once. Its
statistics say what the picture is made of. The branch looks at the trunk's maps at stride 8 for what has a place:
drops, covers, torn rows, wet glass. The head sees both, and how light and colour are spread.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, max_pool2d

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
from detectors.models.saliency_iqa.backbones import MobileNetV2, convolution
from detectors.models.saliency_iqa.network import normalise_imagenet

CHANNELS = (64, 96, 128, 128)
"""Of the branch's four convolutions; the first and the third halve the size."""
BRANCH_STATISTICS = 3 * CHANNELS[-1] + len(KINDS)
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
LEANS = (0.1, 0.25, 0.5, 0.75, 0.9)
LIGHT_STATISTICS = 7 + 4 + 3 * 3 + 4 + 3 + 18 + 3 * 5 + 2
STATISTICS = TRUNK_STATISTICS + BRANCH_STATISTICS + LIGHT_STATISTICS
HIDDEN = 192
SHARPNESS = 4.0
"""Of the soft maximum over places."""
FARTHEST = 6.0
"""A statistic counts as so many deviations from its mean at most: what was never seen shall not shout."""


class PictureFaults(nn.Module):
    """Logits of the kinds of fault, and their calibration: probability = sigmoid(a * logit + b) by kind."""

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
            *(nn.Linear(STATISTICS, HIDDEN), nn.ReLU(inplace=True), nn.Dropout(dropout), nn.Linear(HIDDEN, len(KINDS))),
        )
        self.register_buffer("centre", torch.zeros(STATISTICS))
        self.register_buffer("spread", torch.ones(STATISTICS))
        self.register_buffer("calibration", torch.tensor([[1.0, 0.0]] * len(KINDS)))

    def logits(self, statistics: Tensor) -> Tensor:
        """(N, kinds) of the trunk's, the branch's and the light's statistics side by side (N, STATISTICS)."""
        answer: Tensor = self.head(((statistics - self.centre) / self.spread).clamp(-FARTHEST, FARTHEST))
        return answer

    def probabilities(self, statistics: Tensor) -> Tensor:
        """(N, kinds) in [0, 1], calibrated."""
        return torch.sigmoid(self.calibration[:, 0] * self.logits(statistics) + self.calibration[:, 1])

    def forward(self, pictures: Tensor) -> Tensor:
        """Probabilities (N, kinds) of RGB (N, 3, H, W) in [0, 1], the longer side 416."""
        flat = shallow_features(self.trunk[:SHALLOW_BLOCKS], normalise_imagenet(pictures))
        height, width = (-(-side // STRIDE) for side in pictures.shape[-2:])
        maps = flat[:, SHALLOW_STATISTICS:].reshape(len(flat), MAP_CHANNELS, height, width)
        trunk = [flat[:, :SHALLOW_STATISTICS], deep_statistics(self.trunk[SHALLOW_BLOCKS:], maps)]
        branch = branch_statistics(nn.ModuleList([self.branch, self.places]), maps)
        return self.probabilities(torch.cat([*trunk, branch, light_statistics(pictures)], dim=1))


def branch_statistics(parts: nn.ModuleList, maps: Tensor) -> Tensor:
    """(N, 400) of the branch over the trunk's maps (N, 32, h, w); `parts` are the branch and its places."""
    branch, places = parts
    found = branch(maps)
    deviation, mean = torch.std_mean(found.float(), dim=(2, 3), correction=0)
    suspicious = SHARPNESS * places(found).float().flatten(2)
    most = suspicious.amax(dim=2, keepdim=True)
    soft_maximum = (most.squeeze(2) + (suspicious - most).exp().mean(dim=2).log()) / SHARPNESS
    return torch.cat([mean, deviation, found.float().amax(dim=(2, 3)), soft_maximum], dim=1)


def light_statistics(rgb: Tensor) -> Tensor:
    """(N, 62) of RGB (N, 3, H, W) in [0, 1]: how light and colour are spread, at a quarter of the size."""
    small = avg_pool2d(rgb, 4)
    red, green, blue = small[:, 0], small[:, 1], small[:, 2]
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    flat = luma.flatten(1)
    levels = torch.tensor(QUANTILES, device=rgb.device)
    parts = [torch.quantile(flat, levels, dim=1).T]
    parts += [(flat > level).float().mean(dim=1, keepdim=True) for level in (0.9, 0.97)]
    parts += [(flat < level).float().mean(dim=1, keepdim=True) for level in (0.03, 0.1)]
    for lean in ((blue - luma) / 1.772, (red - luma) / 1.402, (red + blue) / 2 - green):
        deviation, mean = torch.std_mean(lean.flatten(1), dim=1, correction=0)
        parts.append(torch.stack([mean, deviation, lean.flatten(1).abs().mean(dim=1)], dim=1))
    magenta = torch.minimum(red, blue) - green
    parts += [(magenta.flatten(1) > level).float().mean(dim=1, keepdim=True) for level in (0.02, 0.05, 0.1, 0.2)]
    darkest = -max_pool2d(-small.amin(dim=1, keepdim=True), 5)
    parts.append(torch.quantile(darkest.flatten(1), torch.tensor([0.1, 0.5, 0.9], device=rgb.device), dim=1).T)
    grid = adaptive_avg_pool2d(luma[:, None], 3).flatten(1)
    squares = adaptive_avg_pool2d(luma[:, None].square(), 3).flatten(1)
    parts += [grid, (squares - grid.square()).clamp_min(0).sqrt()]
    parts += _lean_statistics(red, green, blue, luma)
    return torch.cat(parts, dim=1)


def _lean_statistics(red: Tensor, green: Tensor, blue: Tensor, luma: Tensor) -> list[Tensor]:
    """How the places' own leans are spread, against their light, and how many places are purple.

    A road that turned purple between green verges leans nowhere on the whole.
    """
    levels = torch.tensor(LEANS, device=luma.device)
    leans = [part / (luma + 0.1) for part in ((red + blue) / 2 - green, blue - luma, red - luma)]
    parts = [torch.quantile(lean.flatten(1), levels, dim=1).T for lean in leans]
    purple, bluish, reddish = (lean.flatten(1) for lean in leans)
    for level in (0.04, 0.1):
        there = (purple > level) & (bluish > 0) & (reddish > -level)
        parts.append(there.float().mean(dim=1, keepdim=True))
    return parts
