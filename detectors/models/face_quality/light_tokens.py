"""Light and colour of a face in a few numbers, for a backbone trained to name objects learns to overlook both: ours."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

CELL = 8
"""Pixels of a view whose mean is one sample: noise averages out, light and colour stay."""
SHARES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
BLACK, WHITE = 0.03, 0.97
NUMBERS = 4 * len(SHARES) + 4 + 4 + 3
"""How many say what `measure_light` says of one view."""
HIDDEN = 256
LUMA = (0.299, 0.587, 0.114)


def measure_light(view: Tensor) -> Tensor:
    """The numbers (N, 39) of RGB views (N, 3, H, W) in [0, 1].

    Quantiles of luma, of red and blue less luma, and of their length, over cells; the deviation of each; the same four
    in the middle of the view, by their mean; the shares of black and of white pixels, and the mean deviation in a cell.
    """
    planes = _opponent_colours(avg_pool2d(view, CELL))
    samples = planes.flatten(2)
    quantiles = samples.quantile(samples.new_tensor(SHARES), dim=2).permute(1, 2, 0).flatten(1)
    rows, columns = planes.shape[2] // 4, planes.shape[3] // 4
    middle = planes[:, :, rows:-rows, columns:-columns].mean(dim=(2, 3))
    luma = _luma(view)
    within = (avg_pool2d(luma.square(), CELL) - avg_pool2d(luma, CELL).square()).clamp_min(0).sqrt().mean(dim=(1, 2, 3))
    extremes = [(luma < BLACK).float().mean(dim=(1, 2, 3)), (luma > WHITE).float().mean(dim=(1, 2, 3)), 4 * within]
    return torch.cat([quantiles, samples.std(dim=2), middle, torch.stack(extremes, dim=1)], dim=1)


class LightTokens(nn.Module):
    """From the numbers of the loose and the compact view what is added to the task tokens."""

    def __init__(self, tasks: int, width: int, views: int) -> None:
        super().__init__()
        self.tasks = tasks
        self.layers = nn.Sequential(
            nn.Linear(views * NUMBERS, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(HIDDEN, HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(HIDDEN, tasks * width),
        )

    def forward(self, views: Tensor) -> Tensor:
        """(N, tasks, width) from RGB views (N, V, 3, H, W) in [0, 1]."""
        numbers = torch.cat([measure_light(view) for view in views.unbind(1)], dim=1)
        tokens: Tensor = self.layers(numbers).unflatten(1, (self.tasks, -1))
        return tokens


def _opponent_colours(rgb: Tensor) -> Tensor:
    """Luma, red and blue less luma (both fourfold), and the length of the latter two: (N, 4, H, W)."""
    luma = _luma(rgb)
    colour = 4 * (rgb[:, [0, 2]] - luma)
    return torch.cat([luma, colour, colour.norm(dim=1, keepdim=True)], dim=1)


def _luma(rgb: Tensor) -> Tensor:
    return (rgb * rgb.new_tensor(LUMA).view(3, 1, 1)).sum(dim=1, keepdim=True)
