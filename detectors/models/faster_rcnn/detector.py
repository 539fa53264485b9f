"""How many people, vehicles, animals and bags a picture shows, and how sure Faster R-CNN is of what it sees."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path

import torch
from torch import Tensor, nn

from detectors.models.faster_rcnn.variants import FasterRcnnVariant
from detectors.models.faster_rcnn.weights import MODEL, from_weights, locate_weights
from detectors.models.pictures import Pictures
from domain.metrics import Direction, MetricSpec

LEAST_CONFIDENCE = 0.5
"""What is less sure is not counted."""
PICTURES_AT_ONCE = 8
SMALLEST_SIDE_PX = 32
NARROWEST = 40.0
"""Longer over shorter side beyond which the network's own resizing leaves hardly a row of pixels."""
GROUPS: Mapping[str, tuple[int, ...]] = {
    "person": (1,),
    "vehicle": (2, 3, 4, 5, 6, 7, 8, 9),
    "animal": (16, 17, 18, 19, 20, 21, 22, 23, 24, 25),
    "bag": (27, 31, 33),
}
"""COCO's numbers: vehicles from bicycle to boat; backpack, handbag, suitcase."""


@dataclass(frozen=True, slots=True)
class Detections:
    """Objects of one picture, best first: `boxes` (K, 4) left, top, right, bottom in pixels; `scores` (K,) in [0, 1];
    `labels` (K,) COCO's class numbers; the bundled network knows 1, people, and 2, here vehicles of any kind."""

    boxes: Tensor
    scores: Tensor
    labels: Tensor


def _count_spec(key: str, label: str) -> MetricSpec:
    return MetricSpec(key, label, "objects", 0, inf, Direction.NEITHER, "Faster R-CNN, COCO classes, confidence ≥ 0.5")


def _confidence_spec(key: str, label: str) -> MetricSpec:
    return MetricSpec(key, label, "share", 0, 1, Direction.HIGHER_IS_BETTER, "Faster R-CNN, objects counted")


class FasterRcnnDetector:
    """Counts objects at the size the variant resizes to. Objects whose centre is masked do not count."""

    name = MODEL
    metrics = (
        _count_spec("person_count", "people"),
        _count_spec("vehicle_count", "vehicles"),
        _count_spec("animal_count", "animals"),
        _count_spec("bag_count", "bags"),
        _count_spec("object_count", "objects of any class"),
        _confidence_spec("person_confidence", "people, mean sureness"),
        _confidence_spec("vehicle_confidence", "vehicles, mean sureness"),
        _confidence_spec("object_confidence", "objects, mean sureness"),
    )

    def __init__(self, network: nn.Module, variant: FasterRcnnVariant, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.variant = variant
        self._network = network

    def score(self, pictures: Pictures) -> Mapping[str, Tensor]:
        """Return the metrics (N,); NaN for pictures too small or too narrow, and for confidences of nothing."""
        height, width = pictures.rgb.shape[-2:]
        shorter, longer = min(height, width), max(height, width)
        if shorter < SMALLEST_SIDE_PX or longer > NARROWEST * shorter:
            nothing = pictures.rgb.new_full((len(pictures),), float("nan"))
            return {spec.key: nothing for spec in self.metrics}
        rows = [
            _picture_metrics(_select_countable(found, pictures.visible, number), self.variant.groups)
            for number, found in enumerate(self.detections(pictures.rgb))
        ]
        return {spec.key: pictures.rgb.new_tensor([row[spec.key] for row in rows]) for spec in self.metrics}

    @torch.inference_mode()
    def detections(self, rgb: Tensor) -> list[Detections]:
        """Everything the network reports for RGB (N, 3, H, W) in [0, 1], unsure objects too (its own floor is 0.05).

        On a CPU each picture goes alone: a batch gains nothing there, and its rounding could tip an object.
        """
        self._network.to(rgb.device)
        at_once = 1 if rgb.device.type == "cpu" else PICTURES_AT_ONCE
        answers = [answer for part in torch.split(rgb, at_once) for answer in self._network(list(part))]
        return [Detections(answer["boxes"], answer["scores"], answer["labels"]) for answer in answers]


def _select_countable(found: Detections, visible: Tensor | None, row: int) -> Detections:
    """What counts of picture `row`: sure, and not centred on a mask of `visible` (N, 1, H, W)."""
    kept = found.scores >= LEAST_CONFIDENCE
    if visible is not None:
        centres = ((found.boxes[:, :2] + found.boxes[:, 2:]) / 2).long()
        across = centres[:, 0].clamp(0, visible.shape[-1] - 1)
        kept = kept & visible[row, 0, centres[:, 1].clamp(0, visible.shape[-2] - 1), across]
    return Detections(found.boxes[kept], found.scores[kept], found.labels[kept])


def _picture_metrics(found: Detections, taught: Collection[str]) -> dict[str, float]:
    """One picture's metrics; NaN of kinds that the weights were not taught, for none seen is not none there."""
    values = {"object_count": float(len(found.scores)), "object_confidence": _mean(found.scores)}
    for group, numbers in GROUPS.items():
        if group not in taught:
            values |= {f"{group}_count": float("nan"), f"{group}_confidence": float("nan")}
            continue
        members = found.scores[torch.isin(found.labels, found.labels.new_tensor(numbers))]
        values[f"{group}_count"] = float(len(members))
        values[f"{group}_confidence"] = _mean(members)
    return values


def _mean(scores: Tensor) -> float:
    return float(scores.mean()) if len(scores) else float("nan")


def load_faster_rcnn(explicit: Path | None = None, downloads: Path | None = None) -> FasterRcnnDetector:
    """The detector with the weights that can be found; raises WeightsUnavailable without."""
    file = locate_weights(explicit=explicit, downloads=downloads)
    variant, network = from_weights(file)
    return FasterRcnnDetector(network, variant, file.fingerprint)
