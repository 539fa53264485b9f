"""The network as it is trained: batch norms folded, half precision in the trunk, and blind to mere suspicions."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import FasterRCNN
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork

from detectors.models.faster_rcnn.mobilenet_v2_fpn import build_mobilenet_v2_fpn
from lab.training.networks.batch_norm_folding import fold_batch_norms, unfold_state

FROZEN_BLOCKS = 7
"""Blocks of the backbone up to stride 8: edges, colours and textures, which the start knows; half of a step's time."""
IGNORED_SHARE = 0.5
"""Share of an anchor or proposal inside an ignored box from which it is no example of background."""
SWITCHES = {
    "rpn_batch_size_per_image": 128,
    "box_batch_size_per_image": 48,
    "rpn_pre_nms_top_n_train": 400,
    "rpn_post_nms_top_n_train": 200,
}
TRUNK = "backbone.trunk."

Targets = list[dict[str, Tensor]]
"""For each picture `boxes` (n, 4), `labels` (n,), and `ignored` (m, 4), where nothing is taught."""


class HalfPrecisionTrunk(nn.Module):
    """Backbone and pyramid in bfloat16, their maps in float32: half the time on a CPU."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.out_channels = trunk.out_channels

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Return the maps (N, channels, H / stride, W / stride) of pictures (N, 3, H, W), computed in bfloat16."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            maps: dict[str, Tensor] = self.trunk(pictures.contiguous(memory_format=torch.channels_last))
        return {name: one.float() for name, one in maps.items()}


class HalfPrecisionHead(nn.Module):
    """The proposal network's head in bfloat16, its answers in float32."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, maps: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return objectness (N, anchors, h, w) and moves (N, 4 anchors, h, w) of each map, in single precision."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            objectness, moves = self.head(maps)
        return [one.float() for one in objectness], [one.float() for one in moves]


class IgnoringProposalNetwork(RegionProposalNetwork):  # type: ignore[misc] # torchvision has no types
    """Draws no background from ignored boxes."""

    def assign_targets_to_anchors(self, anchors: list[Tensor], targets: Targets) -> tuple[list[Tensor], list[Tensor]]:
        """Return labels (A,) and boxes (A, 4) of each picture's anchors; ignored areas are no example."""
        labels, matched = super().assign_targets_to_anchors(anchors, targets)
        for number, (boxes, target) in enumerate(zip(anchors, targets, strict=True)):
            labels[number] = without_ignored(labels[number], boxes, target["ignored"])
        return labels, matched


class IgnoringHeads(RoIHeads):  # type: ignore[misc]
    """Draws no background from ignored boxes."""

    ignored: list[Tensor]

    def select_training_samples(
        self, proposals: list[Tensor], targets: Targets | None
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
        self.ignored = [] if targets is None else [target["ignored"] for target in targets]
        chosen: tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]
        chosen = super().select_training_samples(proposals, targets)
        return chosen

    def assign_targets_to_proposals(
        self, proposals: list[Tensor], gt_boxes: list[Tensor], gt_labels: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        matched, labels = super().assign_targets_to_proposals(proposals, gt_boxes, gt_labels)
        kept = [
            without_ignored(one, boxes, ignored)
            for one, boxes, ignored in zip(labels, proposals, self.ignored, strict=True)
        ]
        return matched, kept


def without_ignored(labels: Tensor, boxes: Tensor, ignored: Tensor) -> Tensor:
    """Labels (n,) of boxes (n, 4), -1 (no example) for background that lies in one of the ignored boxes (m, 4)."""
    if not len(ignored):
        return labels
    low = torch.maximum(boxes[:, None, :2], ignored[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], ignored[None, :, 2:])
    shared = (high - low).clamp_min(0).prod(dim=2).amax(dim=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp_min(0).prod(dim=1)
    inside = shared >= IGNORED_SHARE * areas.clamp_min(1e-6)
    return torch.where((labels == 0) & inside, torch.full_like(labels, -1), labels)


def build_pupil(start: Mapping[str, Tensor]) -> FasterRCNN:
    """The network to train; `start` is the state dict of a MobileNetV2 with ImageNet's weights."""
    network = build_mobilenet_v2_fpn(**SWITCHES)
    assert isinstance(network, FasterRCNN)
    body = network.backbone.body
    features = {name.removeprefix("features."): tensor for name, tensor in start.items()}
    body.load_state_dict({name: features[name] for name in body.state_dict()})
    fold_batch_norms(body)
    for block in list(body.values())[:FROZEN_BLOCKS]:
        block.requires_grad_(False)
    network.backbone = HalfPrecisionTrunk(network.backbone)
    network.rpn.head = HalfPrecisionHead(network.rpn.head)
    network.rpn.__class__ = IgnoringProposalNetwork
    network.roi_heads.__class__ = IgnoringHeads
    return network


def plain_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The pupil's state dict for the network of use: batch norms unfolded, names as in `build_mobilenet_v2_fpn`."""
    named = {
        name.replace(TRUNK, "backbone.").replace("rpn.head.head.", "rpn.head."): tensor
        for name, tensor in state.items()
    }
    plain = build_mobilenet_v2_fpn()
    assert isinstance(plain, FasterRCNN)
    body = plain.backbone.body
    folded = {
        name.removeprefix("backbone.body."): tensor
        for name, tensor in named.items()
        if name.startswith("backbone.body.")
    }
    assert isinstance(body, nn.Module)
    unfolded = {f"backbone.body.{name}": tensor for name, tensor in unfold_state(folded, body).items()}
    return {name: tensor for name, tensor in named.items() if not name.startswith("backbone.body.")} | unfolded
