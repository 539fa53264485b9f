"""What is said of a folder of stills, one picture a camera and no past: each camera's faults beside its label.

A still is a camera on its first day: nothing is learned, and only what the picture itself shows, alone or beside the
other cameras' pictures, can be called. The folder's `labels.tsv` says of each file `healthy`, `fault: …` or
`marginal: …`; a marginal camera may be called or not.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from detectors.models.model_status import check_models
from detectors.registry import build_detectors
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.faults import Fault, VerdictState
from domain.metrics import FrameScores
from evaluation.alerting.root_cause import root_causes
from evaluation.evaluate import evaluate_observation, restore_state
from evaluation.fleet import PIXELS, compare_cameras
from evaluation.policy import Policy
from lab.bench.evidence.playback import play_clip
from workers.frame_scoring.frame_scorer import FrameScorer

LABELS = "labels.tsv"
HEALTHY, FAULTY, MARGINAL = "healthy", "fault", "marginal"
MODELS = ("picture_faults", "saliency_iqa")
SHOWN = 3
"""How many of the picture-fault model's probabilities are shown of each camera, the largest."""
PREFIX = "picture_fault_"


@dataclass(frozen=True, slots=True)
class Still:
    """One camera: its label, what is called of it (headline first), and the likeliest kinds of fault."""

    name: str
    label: str
    called: tuple[Fault, ...]
    likeliest: dict[str, float]
    values: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> str:
        """`healthy`, `fault` or `marginal`."""
        return self.label.partition(":")[0]


def run(folder: Path) -> dict[str, Any]:
    """Return every camera that was called or has a fault, and how many of each kind of label were called.

    Raises ConfigError where `folder` has no labels, or a label is of no known kind.
    """
    by = FrameScorer(build_detectors(models=check_models({}, None, names=MODELS)), torch.device("cpu"))
    stills = _compare([_judge(folder / name, label, by) for name, label in _labels(folder)])
    shown = [asdict(replace(one, values={})) for one in stills if one.called or one.kind != HEALTHY]
    for one in shown:
        del one["values"]
    return {**_counts(stills), "cameras": shown}


def as_table(found: dict[str, Any]) -> str:
    """Return what `run` found as text: the counts, then a line a camera."""
    lines = [
        f"faulty cameras called: {found['faulty_called']} of {found['faulty']}",
        f"healthy cameras called: {found['healthy_called']} of {found['healthy']}",
        f"marginal cameras called: {found['marginal_called']} of {found['marginal']}",
    ]
    for one in found["cameras"]:
        likeliest = ", ".join(f"{kind} {probability:.2f}" for kind, probability in one["likeliest"].items())
        lines.append(f"{one['name']}  {one['label']}  called: {', '.join(one['called']) or 'nothing'}  ({likeliest})")
    return "\n".join(lines)


def _compare(stills: Sequence[Still]) -> Sequence[Still]:
    """Return the stills with what each shows alone among them: a folder is one site at one time."""
    alone = compare_cameras({one.name: one.values for one in stills})
    called = {one.name: {*one.called, *(finding.fault for finding in alone.get(one.name, ()))} for one in stills}
    return [replace(one, called=root_causes(called[one.name])) if one.name in alone else one for one in stills]


def _labels(folder: Path) -> Sequence[tuple[str, str]]:
    path = folder / LABELS
    if not path.is_file():
        raise ConfigError(f"{path} is missing: give a folder of stills with a {LABELS} of the columns file and label")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [(row["file"], row["label"]) for row in csv.DictReader(lines, delimiter="\t")]
    for name, label in rows:
        if label.partition(":")[0] not in (HEALTHY, FAULTY, MARGINAL):
            raise ConfigError(f"{path}: {name} is labelled {label!r}; a label begins with healthy, fault or marginal")
    return rows


def _judge(still: Path, label: str, by: FrameScorer) -> Still:
    camera = Camera(still.stem, str(still))
    state = restore_state(camera)
    called: tuple[Fault, ...] = ()
    values: Mapping[str, float] = {}
    for observation in play_clip(camera, by):
        judged = evaluate_observation(state, camera, observation, Policy.for_pictures())
        state = judged.state
        if isinstance(observation, FrameScores):
            called = root_causes([one.fault for one in judged.verdicts if one.state is VerdictState.FAULT])
            values = {**observation.values, PIXELS: float(observation.width * observation.height)}
    kinds = {key.removeprefix(PREFIX): value for key, value in values.items() if key.startswith(PREFIX)}
    likeliest = sorted(kinds.items(), key=lambda item: -item[1])[:SHOWN]
    rounded = {kind: round(value, 3) for kind, value in likeliest}
    return Still(still.name, label, called, rounded, values)


def _counts(stills: Sequence[Still]) -> dict[str, Any]:
    return {
        "faulty": sum(one.kind == FAULTY for one in stills),
        "faulty_called": sum(one.kind == FAULTY and bool(one.called) for one in stills),
        "healthy": sum(one.kind == HEALTHY for one in stills),
        "healthy_called": sum(one.kind == HEALTHY and bool(one.called) for one in stills),
        "marginal": sum(one.kind == MARGINAL for one in stills),
        "marginal_called": sum(one.kind == MARGINAL and bool(one.called) for one in stills),
    }
