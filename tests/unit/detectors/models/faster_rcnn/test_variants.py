"""The four networks are torchvision's own, to the epsilon, and answer alike with the same weights."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum, detection

from detectors.models.faster_rcnn.variants import VARIANTS, build_network

OFFICIAL = {
    "fasterrcnn_resnet50_fpn": detection.FasterRCNN_ResNet50_FPN_Weights.COCO_V1,
    "fasterrcnn_resnet50_fpn_v2": detection.FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1,
    "fasterrcnn_mobilenet_v3_large_fpn": detection.FasterRCNN_MobileNet_V3_Large_FPN_Weights.COCO_V1,
    "fasterrcnn_mobilenet_v3_large_320_fpn": detection.FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1,
}
"""torchvision's entry of each variant."""


def theirs(name: str, tensors: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """What torchvision builds where it loads official weights, given `tensors` in their place."""

    def given(*arguments: object, **options: object) -> dict[str, Tensor]:
        return tensors

    monkeypatch.setattr(WeightsEnum, "get_state_dict", given)
    network: nn.Module = getattr(detection, name)(weights=OFFICIAL[name])
    return network.eval()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_layer_is_the_one_that_torchvision_builds_for_its_weights(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with torch.device("meta"):
        ours = build_network(VARIANTS[name])
        other = theirs(name, ours.state_dict(), monkeypatch)
    assert layers(ours) == layers(other)


def layers(network: nn.Module) -> list[tuple[Any, ...]]:
    """Names, kinds, shapes and epsilons in order."""
    return [
        (name, type(part).__name__, getattr(part, "eps", None), [tuple(one.shape) for one in part.parameters(False)])
        for name, part in network.named_modules()
    ]


@pytest.mark.parametrize("name", VARIANTS)
def test_addresses_prefixes_and_sizes_are_those_that_torchvision_publishes(name: str) -> None:
    variant, entry = VARIANTS[name], OFFICIAL[name]
    assert variant.url == entry.url
    assert variant.file.endswith(f"-{variant.sha256_prefix}.pth")
    assert variant.ap == entry.meta["_metrics"]["COCO-val2017"]["box_map"]
    assert variant.gflops == entry.meta["_ops"]
    with torch.device("meta"):
        assert sum(part.numel() for part in build_network(variant).parameters()) == entry.meta["num_params"]


def test_the_same_weights_answer_as_in_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    torch.manual_seed(0)
    ours = build_network(VARIANTS[name])
    ours.state_dict()["roi_heads.box_predictor.cls_score.bias"][1] = 6
    other = theirs(name, ours.state_dict(), monkeypatch)
    picture = [torch.rand(3, 48, 64)]
    with torch.inference_mode():
        (mine,), (their,) = ours(picture), other(picture)
    assert len(mine["scores"]) > 0
    for key in ("boxes", "scores", "labels"):
        torch.testing.assert_close(mine[key], their[key], rtol=0, atol=0)
