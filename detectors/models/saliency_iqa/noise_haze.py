"""Noise, veil, softness and detail of a picture, and the points of image quality they cost: ours, beside the network.

The network learned from photographs. On a security camera's frame, which already looks poor to it, grain or a veil
moves its answer by a few points to either side, and so may a little more blur or a little less light; what is measured
of these is taken off its answer instead.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, max_pool2d

from detectors.models.pictures import Pictures

_LEVELS = 255.0
_TO_SIGMA = math.sqrt(math.pi / 2) / 6
_BLOCK, _SMALL_BLOCK = 16, 8
_SMALL_SIDE = 300
_BAND = 32
_ENOUGH_PIXELS = 500_000
_DARKEST, _BRIGHTEST = 0.02, 0.98
_FLATTEST = 0.2
_HAZE_SIDE = 320
_PATCH = 15
_CLEAREST = 0.02
_BLUR_ROWS = 9
_LEAST_VARIATION = 0.1
_LEAST_DETAIL = 1e-4


@dataclass(frozen=True, slots=True)
class MeasuredCorrection:
    """Points of 100 to take off an opinion.

    c = noise_points * max(0, s - noise_from) + haze_points * max(0, v - haze_from) + soft_points * max(0, b -
    soft_from) + bare_points * max(0, log2(bare_under / d)), with s of `noise_floor` in levels of 255, v of `veil` as a
    share of white, b of `softness` and d of `detail`. Never negative, never falling as s, v or b rises or d falls.
    """

    noise_points: float
    noise_from: float
    haze_points: float
    haze_from: float
    soft_points: float = 0.0
    soft_from: float = 0.0
    bare_points: float = 0.0
    bare_under: float = 1.0

    @property
    def fingerprint(self) -> str:
        """Names the coefficients."""
        named = f"nh{self.noise_points:g}-{self.noise_from:g}-{self.haze_points:g}-{self.haze_from:g}"
        return f"{named}-s{self.soft_points:g}-{self.soft_from:g}-b{self.bare_points:g}-{self.bare_under:g}"

    def points(self, pictures: Pictures) -> Tensor:
        """Return the points (N,) float32 to take off, at least 0."""
        noise = self.noise_points * (noise_floor(pictures) - self.noise_from).clamp_min(0)
        haze = self.haze_points * (veil(pictures) - self.haze_from).clamp_min(0)
        soft = self.soft_points * (softness(pictures) - self.soft_from).clamp_min(0)
        octaves = (self.bare_under / detail(pictures).clamp_min(_LEAST_DETAIL)).log2()
        return noise + haze + soft + self.bare_points * octaves.clamp_min(0)


CORRECTION = MeasuredCorrection(
    noise_points=2.5,
    noise_from=2.0,
    haze_points=36.0,
    haze_from=0.23,
    soft_points=80.0,
    soft_from=0.63,
    bare_points=12.0,
    bare_under=0.0026,
)
"""Chosen on BIQ2021's train half alone: its pictures made camera-like (reduced, soft, dark or infrared, H.264), half of
them its barest crops, had to follow all five ladders, and its validation part had to keep its correlations to within
.004 (docs/models/saliency.md).
"""


def noise_floor(pictures: Pictures) -> Tensor:
    """Return the noise of flat parts (N,), levels of 255, at native size; 0 where no block can tell.

    Immerkær, "Fast noise variance estimation", CVIU 1996, over blocks of 16 pixels (8 where the shorter side is under
    300) that are neither black, burnt out nor masked, of which the 20th percentile: the metric `noise_floor`, but for
    blocks judged by their mean. Texture does not count. Above half a million pixels every n-th band of 32 rows.
    """
    height, width = pictures.luma.shape[-2:]
    side = _SMALL_BLOCK if min(height, width) < _SMALL_SIDE else _BLOCK
    step = max(1, round(height * width / _ENOUGH_PIXELS))
    band = height - 2 if step == 1 else _BAND
    bands = [slice(start, start + band + 2) for start in range(0, height - 1 - band, band * step)]
    blocks = torch.cat([_block_noise(pictures, rows, side) for rows in bands], dim=1)
    return blocks.nanquantile(_FLATTEST, dim=1).nan_to_num(0.0) * (_TO_SIGMA * _LEVELS)


def _block_noise(pictures: Pictures, rows: slice, side: int) -> Tensor:
    """Mean |I * [[1,-2,1],[-2,4,-2],[1,-2,1]]| (N, blocks) of the inner pixels of some rows; NaN for unusable ones."""
    luma = pictures.luma[..., rows, :]
    down = luma[..., :-2, :] + luma[..., 2:, :] - 2 * luma[..., 1:-1, :]
    response = (down[..., :-2] + down[..., 2:] - 2 * down[..., 1:-1]).abs_()
    means = avg_pool2d(luma[..., 1:-1, 1:-1], side)
    unusable = (means <= _DARKEST) | (means >= _BRIGHTEST)
    if pictures.visible is not None:
        hidden = max_pool2d((~pictures.visible[..., rows, :]).to(luma.dtype), 3, stride=1)
        unusable |= max_pool2d(hidden, side) > 0
    return avg_pool2d(response, side).masked_fill(unusable, float("nan")).flatten(1)


def veil(pictures: Pictures) -> Tensor:
    """Return how bright the darkest parts are (N,), [0, 1], of the picture reduced to 320; 0 where all is masked.

    The dark channel (He, Sun, Tang, "Single image haze removal using dark channel prior", 2009), the least of red,
    green and blue and of 15x15 pixels (of a smaller picture: as large a part). Ours: its 2nd percentile, where the
    metric `haze` takes the 20th. A bright subject costs nothing while anything in the picture is black.
    """
    darkest = pictures.reduced_rgb(_HAZE_SIDE).amin(dim=1, keepdim=True)
    size = (darkest.shape[-2], darkest.shape[-1])
    side = max(3, round(_PATCH / _HAZE_SIDE * max(size)) | 1)
    if pictures.small_visible is not None:
        # A mask drawn in black must not stand for a black part of the view.
        visible = adaptive_avg_pool2d(pictures.small_visible.float(), size) > 0.999
        darkest = darkest.masked_fill(~visible, 1.0)
    levels = -max_pool2d(-darkest, side, stride=1, padding=side // 2)
    if pictures.small_visible is None:
        return levels.flatten(1).quantile(_CLEAREST, dim=1)
    return levels.masked_fill(~visible, float("nan")).flatten(1).nanquantile(_CLEAREST, dim=1).nan_to_num(0.0)


def softness(pictures: Pictures) -> Tensor:
    """Return how little of the variation between neighbours a strong blur takes away (N,), [0, 1], at 640 at most.

    Crete et al., "The blur effect: perception and estimation with a new no-reference perceptual blur metric", SPIE
    2007, averages over nine pixels along each axis, of which the softer one counts. Ours: an axis along which nearly
    nothing varies (under a tenth of the other's) does not count, and a picture without any variation is not soft.
    """
    lost, varied = (torch.stack(sums) for sums in zip(*(_variation(pictures, axis) for axis in (-2, -1)), strict=True))
    share = 1 - lost / varied.clamp_min(1e-6)
    return share.masked_fill(varied <= _LEAST_VARIATION * varied.amax(dim=0), 0.0).amax(dim=0)


def _variation(pictures: Pictures, axis: int) -> tuple[Tensor, Tensor]:
    """What a blur takes of the variation along an axis, and all of it: sums (N,) over what is not masked."""
    luma = pictures.small_luma
    kernel = (_BLUR_ROWS, 1) if axis == -2 else (1, _BLUR_ROWS)
    padding = (kernel[0] // 2, kernel[1] // 2)
    blurred = avg_pool2d(luma, kernel, stride=1, padding=padding, count_include_pad=False)
    varied = luma.diff(dim=axis).abs()
    lost = (varied - blurred.diff(dim=axis).abs()).clamp_min_(0)
    if pictures.small_visible is not None:
        # Where the blur reaches into a mask, its border would count as an edge of the view.
        hidden = max_pool2d((~pictures.small_visible).float(), kernel, stride=1, padding=padding)
        seen = hidden.narrow(axis, 1, varied.shape[axis]) + hidden.narrow(axis, 0, varied.shape[axis]) == 0
        varied, lost = varied * seen, lost * seen
    return lost.flatten(1).sum(dim=1), varied.flatten(1).sum(dim=1)


def detail(pictures: Pictures) -> Tensor:
    """Return how much neighbours differ (N,), mean of both axes, [0, 1], of luma at 640 at most.

    Blur, darkness and fog take of it whatever the scene is. Nothing that touches a masked pixel counts; without any
    pixel that counts it is 1, which costs nothing.
    """
    luma, means = pictures.small_luma, []
    for axis in (-2, -1):
        differences = luma.diff(dim=axis).abs()
        if pictures.small_visible is not None:
            rest = luma.shape[axis] - 1
            seen = pictures.small_visible.narrow(axis, 1, rest) & pictures.small_visible.narrow(axis, 0, rest)
            differences = differences.masked_fill(~seen, float("nan"))
        means.append(differences.flatten(1).nanmean(dim=1))
    return torch.stack(means).mean(dim=0).nan_to_num(1.0)
