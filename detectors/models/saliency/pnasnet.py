"""PNASNet-5 Large as SimpleNet's encoder: five maps instead of class scores.

Liu et al. 2018, "Progressive neural architecture search", Fig. 1, for 331 x 331 (216 filters, four cells a stage).
Names, paddings and norms are those of the public PyTorch port that SimpleNet was trained with, so that its SALICON
weights fit; 81.74 M parameters without the classifier.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

NORM_EPSILON = 1e-3
STEM = 96
FILTERS = 216
CELLS_A_STAGE = 4
COMBINATIONS = (
    (("separable 5", 0), ("max pool", 0)),
    (("separable 7", 1), ("max pool", 1)),
    (("separable 5", 1), ("separable 3", 1)),
    (("separable 3", 4), ("max pool", 1)),
    (("separable 3", 0), ("identity", 1)),
)
"""Five sums of two operations on earlier states; 0 and 1 are the cell's two inputs, 2 the first sum, and so on."""
OUTPUTS = len(COMBINATIONS)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON)


class Projection(nn.Module):
    """ReLU, 1 x 1 convolution, norm."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.op = nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, 1, stride, bias=False), _norm(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, outputs, H/stride, W/stride) of maps (N, inputs, H, W)."""
        projected: Tensor = self.op(maps)
        return projected


class Separable(nn.Module):
    """Twice: ReLU, depthwise k x k, 1 x 1, norm; the first depthwise convolution carries the stride."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels, step in ((inputs, stride), (outputs, 1)):
            layers += [
                nn.ReLU(),
                nn.Conv2d(channels, channels, kernel, step, kernel // 2, groups=channels, bias=False),
                nn.Conv2d(channels, outputs, 1, bias=False),
                _norm(outputs),
            ]
        self.op = nn.Sequential(*layers)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, outputs, H/stride, W/stride) of maps (N, inputs, H, W)."""
        filtered: Tensor = self.op(maps)
        return filtered


class FactorizedReduction(nn.Module):
    """Half the size by two 1 x 1 convolutions of stride 2, the second one pixel further right and down."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(inputs, outputs // 2, 1, 2, bias=False)
        self.conv_2 = nn.Conv2d(inputs, outputs // 2, 1, 2, bias=False)
        self.bn = _norm(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        """Return (N, outputs, H/2, W/2) of maps (N, inputs, H, W), H and W even."""
        positive = maps.relu()
        shifted = nn.functional.pad(positive, (0, 1, 0, 1))[..., 1:, 1:]
        reduced: Tensor = self.bn(torch.cat([self.conv_1(positive), self.conv_2(shifted)], dim=1))
        return reduced


def _operation(name: str, inputs: int, outputs: int, stride: int) -> nn.Module:
    kind, _, kernel = name.partition(" ")
    if kind == "separable":
        return Separable(inputs, outputs, int(kernel), stride=stride)
    if kind == "identity":
        return nn.Identity() if stride == 1 else Projection(inputs, outputs, stride=stride)
    pool = nn.MaxPool2d(3, stride, padding=1)
    if inputs == outputs:
        return pool
    return nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1, bias=False), _norm(outputs))


class Cell(nn.Module):
    """The searched cell: two inputs brought to `filters` channels, five sums, their concatenation.

    `before` and `last` are the inputs' channels, `earlier_reduction` how the input from two cells ago is brought to
    size: None leaves it, True halves it, False only projects.
    """

    def __init__(self, before: int, last: int, filters: int, *, reduces: bool, earlier_reduction: bool | None) -> None:
        super().__init__()
        self.preprocess0: nn.Module
        if earlier_reduction is None:
            self.preprocess0 = nn.Identity()
        elif earlier_reduction:
            self.preprocess0 = FactorizedReduction(before, filters)
        else:
            self.preprocess0 = Projection(before, filters)
        self.preprocess1 = Projection(last, filters)
        self._ops = nn.ModuleList()
        for name, source in (operation for pair in COMBINATIONS for operation in pair):
            stride = 2 if reduces and source < 2 else 1
            inputs = before if earlier_reduction is None and source == 0 else filters
            self._ops.append(_operation(name, inputs, filters, stride))

    def forward(self, before: Tensor, last: Tensor) -> Tensor:
        """Return (N, 5 * filters, h, w) of the outputs of the cell before the last and of the last cell."""
        states = [self.preprocess0(before), self.preprocess1(last)]
        for index, ((_, left), (_, right)) in enumerate(COMBINATIONS):
            states.append(self._ops[2 * index](states[left]) + self._ops[2 * index + 1](states[right]))
        return torch.cat(states[2:], dim=1)


class PNASNet(nn.Module):
    """Five maps of (N, 3, H, W), H and W multiples of 32: strides 2, 4, 8, 16 and 32."""

    channels = (STEM, 270, 1080, 2160, 4320)

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, STEM, 3, 2, bias=False)
        self.conv0_bn = _norm(STEM)
        self.stem1 = Cell(STEM, STEM, FILTERS // 4, reduces=True, earlier_reduction=None)
        stem_outputs = OUTPUTS * FILTERS // 4
        self.stem2 = Cell(STEM, stem_outputs, FILTERS // 2, reduces=True, earlier_reduction=True)
        self.cells = nn.ModuleList()
        stages = [FILTERS * 2 ** (cell // CELLS_A_STAGE) for cell in range(3 * CELLS_A_STAGE)]
        sizes = [stem_outputs, OUTPUTS * FILTERS // 2, *(OUTPUTS * filters for filters in stages)]
        reduced = True
        for index, (filters, (before, last)) in enumerate(zip(stages, pairwise(sizes[:-1]), strict=True)):
            reduces = index > 0 and index % CELLS_A_STAGE == 0
            self.cells.append(Cell(before, last, filters, reduces=reduces, earlier_reduction=reduced))
            reduced = reduces

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return the five maps (N, channels, H / stride, W / stride) of pictures (N, 3, H, W), the largest first."""
        first = self.conv0_bn(self.conv0(pictures))
        before = self.stem1(first, first)
        last = self.stem2(first, before)
        maps = [nn.functional.pad(first, (0, 1, 0, 1)), before]
        for index, cell in enumerate(self.cells):
            before, last = last, cell(before, last)
            if index % CELLS_A_STAGE == CELLS_A_STAGE - 1:
                maps.append(last)
        return maps
