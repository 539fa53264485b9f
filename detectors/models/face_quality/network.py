"""SFIQA-Assessor (Jiang et al. 2026): three facial views, one feature map, six task tokens, six scores."""

from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate

from detectors.models.face_quality.attention import CrossAttentionLayer, MultiHeadAttention, SelfAttentionLayer
from detectors.models.face_quality.backbones import BACKBONES
from detectors.models.face_quality.light_tokens import LightTokens
from detectors.models.saliency_iqa.network import normalise_imagenet

SIDE = 224
FEATURES = 128
LATENT = 64
VIEW_HEADS = 4
TASK_HEADS = 8
PASSES = 2
MIDDLE_OF_SCALE = 3.0


class FaceView(StrEnum):
    """What a backbone looks at: the face with its surroundings, the face alone, its eyes and mouth alone."""

    LOOSE = "loose"
    COMPACT = "compact"
    PARTS = "parts"


class Dimension(StrEnum):
    """What is rated, each from 1 (bad) to 5 (excellent), noise included: 5 is no noise."""

    NOISE = "noise"
    SHARPNESS = "sharpness"
    COLOURFULNESS = "colourfulness"
    CONTRAST = "contrast"
    FIDELITY = "fidelity"
    OVERALL = "overall"


DIMENSIONS = tuple(Dimension)
VIEWS = tuple(FaceView)


@dataclass(frozen=True, slots=True)
class AssessorVariant:
    """A row of Tables V and VI; the paper's SFIQA-Assessor-S is the default.

    `finest` is the scale on whose grid the others are fused: 0 is the paper's, stride 4. Ours: 1, stride 8, leaves a
    quarter of the positions and loses little, for what the finest scale has seen is averaged, not left out. `light`,
    ours, adds to the task tokens what detectors/models/face_quality/light_tokens.py measures; the paper's network has
    no such part.
    """

    backbone: str = "edgenext_small"
    views: tuple[FaceView, ...] = VIEWS
    view_fusion: bool = True
    task_attention: bool = True
    finest: int = 0
    light: bool = False

    def __post_init__(self) -> None:
        if not self.views or len(set(self.views)) != len(self.views):
            raise ValueError("a variant looks at one, two or three different views")
        if self.light and set(self.views) == {FaceView.PARTS}:
            raise ValueError("light and colour are measured in whole views: add the loose or the compact one")


class ViewEncoder(nn.Module):
    """One view's backbone and the fusion of its four scales (Eqs. 2 to 4)."""

    def __init__(self, backbone: str, finest: int = 0) -> None:
        super().__init__()
        self.finest = finest
        chosen = BACKBONES[backbone]
        self.backbone = chosen.make()
        self.projections = nn.ModuleList(nn.Conv2d(width, FEATURES, 1) for width in chosen.channels)
        self.fusion = nn.Conv2d(len(chosen.channels) * FEATURES, FEATURES, 1)
        self.fuses_early = False
        """Whether scales are fused before they grow, which is the same function with fewer multiplications."""

    def forward(self, view: Tensor) -> Tensor:
        """(N, 128, 56, 56), or 28 x 28 on the stride-8 grid, of RGB (N, 3, 224, 224) in [0, 1]."""
        maps = self.backbone(normalise_imagenet(view))
        return self.fuse_scales_early(maps) if self.fuses_early else self.fuse_scales(maps)

    def fuse_scales(self, maps: list[Tensor]) -> Tensor:
        """Project each scale to 128 channels at its own grid, bring all to one grid, concatenate, project.

        From maps (N, channels, H / stride, W / stride) of every stride to (N, 128, h, w), the grid of the finest kept.
        """
        grid = maps[self.finest].shape[-2:]
        projected = [project(scale) for project, scale in zip(self.projections, maps, strict=True)]
        brought = [
            scale if scale.shape[-2:] == grid else interpolate(scale, size=grid, mode="bilinear", align_corners=False)
            for scale in projected
        ]
        fused: Tensor = self.fusion(torch.cat(brought, dim=1))
        return fused

    def fuse_scales_early(self, maps: list[Tensor]) -> Tensor:
        """Return what `fuse_scales` does, (N, 128, h, w), to rounding.

        1x1 convolutions and bilinear sampling commute, so each scale is convolved on the smaller of its own grid and
        the common one, and sampling is two small matrix products.
        """
        height, width = maps[self.finest].shape[-2:]
        shares = torch.split(self.fusion.weight, FEATURES, dim=1)
        assert self.fusion.bias is not None
        total = self.fusion.bias[:, None, None]
        for project, scale, share in zip(self.projections, maps, shares, strict=True):
            if scale.shape[-2] > height:
                total = total + conv2d(project(_resample(scale, height, width)), share)
            else:
                total = total + _resample(conv2d(project(scale), share), height, width)
        return total


class ViewFusion(nn.Module):
    """Channel attention across views at low rank (Eqs. 5 to 10)."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Linear(FEATURES, LATENT)
        self.attention = MultiHeadAttention(LATENT, VIEW_HEADS)
        self.up = nn.Linear(LATENT, FEATURES)

    def forward(self, features: Tensor) -> Tensor:
        """The mean over views of each view's map times its channel weights: (N, V, 128, h, w) to (N, 128, h, w)."""
        weights: Tensor = self.up(self.attention(self.down(features.mean(dim=(3, 4)))))
        return (features * weights[..., None, None]).mean(dim=1)


class TaskDecoder(nn.Module):
    """Six learned tokens ask each other and the facial features, twice with the same weights (Eqs. 11 and 12)."""

    def __init__(self, *, task_attention: bool) -> None:
        super().__init__()
        self.tokens = nn.Parameter(torch.empty(len(DIMENSIONS), FEATURES))
        nn.init.trunc_normal_(self.tokens, std=0.02)
        self.task_attention = SelfAttentionLayer(FEATURES, TASK_HEADS) if task_attention else nn.Identity()
        self.cross_attention = CrossAttentionLayer(FEATURES, TASK_HEADS)

    def forward(self, features: Tensor) -> Tensor:
        """Task-aware tokens (N, 6, 128) from features (N, 128, h, w)."""
        memory = self.cross_attention.cross.memory(features.flatten(2).transpose(1, 2))
        tokens = self.tokens.repeat(len(features), 1, 1)
        for _ in range(PASSES):
            tokens = self.cross_attention(self.task_attention(tokens), memory)
        return tokens


class Assessor(nn.Module):
    """From the views of a face to its six scores, on the scale of the labels, 1 to 5."""

    def __init__(self, variant: AssessorVariant) -> None:
        super().__init__()
        self.variant = variant
        self.encoders = nn.ModuleDict({view: ViewEncoder(variant.backbone, variant.finest) for view in variant.views})
        self.view_fusion = ViewFusion() if variant.view_fusion else None
        self.decoder = TaskDecoder(task_attention=variant.task_attention)
        self.heads = nn.ModuleList(_regression_head() for _ in DIMENSIONS)
        self.whole_views = [index for index, view in enumerate(variant.views) if view != FaceView.PARTS]
        self.light = LightTokens(len(DIMENSIONS), FEATURES, len(self.whole_views)) if variant.light else None

    def fuse_early(self) -> None:
        """Let every view fuse its scales before they grow: the same scores, to rounding, for less."""
        for encoder in self.encoders.values():
            assert isinstance(encoder, ViewEncoder)
            encoder.fuses_early = True

    def forward(self, views: Tensor) -> Tensor:
        """Scores (N, 6) in the order of DIMENSIONS of RGB (N, V, 3, 224, 224) in [0, 1], V as in the variant."""
        features = [encoder(views[:, index]) for index, encoder in enumerate(self.encoders.values())]
        stacked = torch.stack(features, dim=1)
        fused = stacked.mean(dim=1) if self.view_fusion is None else self.view_fusion(stacked)
        tokens = self.decoder(fused)
        if self.light is not None:
            tokens = tokens + self.light(views[:, self.whole_views])
        return torch.cat([head(tokens[:, index]) for index, head in enumerate(self.heads)], dim=1)


def _resample(maps: Tensor, height: int, width: int) -> Tensor:
    """Maps (N, C, h, w) sampled bilinearly at (N, C, height, width) by one matrix for rows and one for columns."""
    if maps.shape[-2:] == (height, width):
        return maps
    rows, columns = (
        interpolate(torch.eye(length, device=maps.device)[None], size=target, mode="linear", align_corners=False)[0].to(
            maps.dtype
        )
        for length, target in ((maps.shape[-2], height), (maps.shape[-1], width))
    )
    return rows.T @ maps @ columns


def _regression_head() -> nn.Sequential:
    """Three layers of 128, 128 and 1 neurons (Eq. 13); ours: ReLU between, and the middle of the scale to start at."""
    last = nn.Linear(FEATURES, 1)
    nn.init.constant_(last.bias, MIDDLE_OF_SCALE)
    return nn.Sequential(
        nn.Linear(FEATURES, FEATURES), nn.ReLU(inplace=True), nn.Linear(FEATURES, FEATURES), nn.ReLU(inplace=True), last
    )


def loss(predicted: Tensor, labels: Tensor) -> Tensor:
    """Mean square error of (N, dimensions) over what is labelled (Eq. 14), a scalar; NaN marks an absent label."""
    known = ~labels.isnan()
    return (predicted[known] - labels[known]).square().mean()


def regress_overall(scores: Tensor) -> Tensor:
    """Overall quality (N,) from noise, sharpness, colourfulness, contrast and fidelity (N, 5 or more), Eq. 1.

    Fitted by the paper to its opinions (R^2 .9778). Its weights sum to .9992 and it has no constant.
    """
    weights = scores.new_tensor(OVERALL_WEIGHTS)
    return scores[:, : len(OVERALL_WEIGHTS)] @ weights


OVERALL_WEIGHTS = (0.0765, 0.4134, 0.0554, 0.1463, 0.3076)
"""Of noise, sharpness, colourfulness, contrast and fidelity: the paper's linear regression, section III-C."""
