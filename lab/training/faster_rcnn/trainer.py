"""Train the pupil on the teacher's boxes; stop at any time and go on from the checkpoint."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import AdamW
from torchvision.models.detection.faster_rcnn import FasterRCNN

from lab.training.faster_rcnn.collages import CollageExample, draw_example
from lab.training.faster_rcnn.material import TaughtPicture
from lab.training.faster_rcnn.pupil import TRUNK, Targets
from lab.training.networks.weight_averaging import WeightAverage
from lab.training.pictures import decode_picture
from lab.training.training_loop import Checkpointed, TrainingLoop

LOG_EVERY = 20
EMPTY_SHARE = 0.15
"""Share of the pictures in which the teacher suspects nothing: hard negatives."""
CLIP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class PupilSchedule:
    """AdamW, averaged weights; the backbone learns at a part of the rate.

    The rate rises, stays, and falls over the last part of the steps, so that a training may be given more steps while
    its rate has not begun to fall.
    """

    steps: int
    batch: int = 8
    peak_rate: float = 1e-3
    backbone_share: float = 0.4
    weight_decay: float = 0.02
    averaging: float = 0.997
    warm_up: int = 100
    fall: float = 0.35
    seed: int = 7

    def rate(self, step: int) -> float:
        """Share of the peak rate at `step`, counted from 0."""
        falling = (self.steps - step) / (self.fall * self.steps)
        return float(min((step + 1) / self.warm_up, 1.0, max(falling, 0.01)))


class ExampleDraw:
    """Draws examples from labelled pictures: with objects, of the clips, and empty ones, in fixed shares."""

    def __init__(self, pictures: Sequence[TaughtPicture]) -> None:
        training = [one for one in pictures if one.part == "train"]
        self._groups: list[tuple[float, list[TaughtPicture]]] = [
            (EMPTY_SHARE, [one for one in training if one.is_empty]),
            (CLIP_SHARE, [one for one in pictures if one.part == "clips"]),
            (1 - EMPTY_SHARE - CLIP_SHARE, [one for one in training if one.sure_count]),
        ]

    def __call__(self, rng: np.random.Generator) -> CollageExample:
        chosen = [self._choose(rng) for _ in range(4)]
        return draw_example(lambda number: load_example(chosen[number]), range(4), rng)

    def _choose(self, rng: np.random.Generator) -> TaughtPicture:
        shares = [share for share, _ in self._groups]
        _, members = self._groups[int(rng.choice(len(shares), p=shares))]
        return members[int(rng.integers(len(members)))]


def load_example(picture: TaughtPicture) -> CollageExample:
    """The picture with what is taught and what is ignored."""
    taught = picture.taught
    return CollageExample(
        decode_picture(picture.path), taught.boxes[taught.sure], taught.groups[taught.sure], taught.boxes[~taught.sure]
    )


def train(
    network: FasterRCNN,
    draw: Callable[[np.random.Generator], CollageExample],
    schedule: PupilSchedule,
    folder: Path,
    *,
    stop_at: int | None = None,
) -> dict[str, Tensor]:
    """Train and return the averaged weights; goes on from the checkpoint in `folder`, if any.

    Ends before step `stop_at`, where given.
    """
    adam = AdamW(_groups(network, schedule), lr=schedule.peak_rate)
    rates = [group["lr"] for group in adam.param_groups]
    average = WeightAverage(network, schedule.averaging)
    parts: dict[str, Checkpointed] = {"model": network, "ema": average, "opt": adam}
    loop = TrainingLoop(schedule.steps, parts, folder, checkpoint_every_s=120)
    loop.log(schedule=asdict(schedule))
    network.train()
    recent: list[NDArray[np.float64]] = []
    for step in loop.steps("Faster R-CNN", stop_at=stop_at):
        rng = np.random.default_rng((schedule.seed, step))
        for group, peak in zip(adam.param_groups, rates, strict=True):
            group["lr"] = peak * schedule.rate(step)
        torch.manual_seed(schedule.seed * 1_000_003 + step)
        pictures, targets = to_batch([draw(rng) for _ in range(schedule.batch)])
        losses = network(pictures, targets)
        error = torch.stack(list(losses.values())).sum()
        adam.zero_grad(set_to_none=True)
        error.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        adam.step()
        average.follow(network, step)
        recent.append(np.array([one.item() for one in losses.values()]))
        if (step + 1) % LOG_EVERY == 0:
            loop.log(**dict(zip(losses, np.mean(recent, axis=0).round(4).tolist(), strict=True)))
            recent.clear()
    return average.state


def to_batch(examples: Sequence[CollageExample]) -> tuple[list[Tensor], Targets]:
    """Pictures (3, H, W) in [0, 1] and their targets, as torchvision takes them."""
    pictures = [torch.from_numpy(one.picture).permute(2, 0, 1).float() / 255 for one in examples]
    targets = [
        {
            "boxes": torch.from_numpy(one.boxes),
            "labels": torch.from_numpy(one.groups),
            "ignored": torch.from_numpy(one.ignored),
        }
        for one in examples
    ]
    return pictures, targets


def _groups(network: FasterRCNN, schedule: PupilSchedule) -> list[dict[str, object]]:
    """Parameters by rate and decay: the backbone slower, biases without decay."""
    groups = []
    for of_backbone, rate in ((True, schedule.peak_rate * schedule.backbone_share), (False, schedule.peak_rate)):
        learning = [
            one
            for name, one in network.named_parameters()
            if one.requires_grad and name.startswith(f"{TRUNK}body.") == of_backbone
        ]
        for matrices, decay in ((True, schedule.weight_decay), (False, 0.0)):
            members = [one for one in learning if (one.ndim > 1) == matrices]
            groups.append({"params": members, "lr": rate, "weight_decay": decay})
    return groups
