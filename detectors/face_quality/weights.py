"""What a weights file says of itself, and the network it holds: the notes name the variant and what was rated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors import weights
from detectors.face_quality.backbones import BACKBONES
from detectors.face_quality.network import DIMENSIONS, Assessor, Dimension, Variant, View
from detectors.weights import WeightsUnavailable

SWITCHES = {"yes": True, "no": False}


@dataclass(frozen=True)
class Stored:
    """What a weights file holds: `rated` dimensions were trained, counted from the last; `withheld` are not shown.

    A dimension is withheld that was trained and failed its evidence, as the model card says.
    """

    network: Assessor
    rated: int
    withheld: frozenset[Dimension]


def notes(variant: Variant, rated: int = len(DIMENSIONS), withheld: Sequence[Dimension] = ()) -> dict[str, str]:
    """What a weights file must say, as `Stored` explains."""
    say = {value: name for name, value in SWITCHES.items()}
    return {
        "backbone": variant.backbone,
        "views": " ".join(variant.views),
        "view_fusion": say[variant.view_fusion],
        "task_attention": say[variant.task_attention],
        "finest": str(variant.finest),
        "light": say[variant.light],
        "rated": str(rated),
        "withheld": " ".join(withheld),
    }


def loaded(path: Path) -> Stored:
    """What a weights file holds.

    Raises WeightsUnavailable where the notes name something unknown, or the tensors do not fit.
    """
    tensors, said = weights.read(path)
    try:
        variant, rated = _variant(said), int(said["rated"])
        withheld = frozenset(Dimension(name) for name in said["withheld"].split())
    except (KeyError, ValueError) as error:
        raise WeightsUnavailable(f"{path} does not say which network it is for: {error}; export it anew") from error
    if variant.backbone not in BACKBONES:
        raise WeightsUnavailable(f"{path} is for {variant.backbone}, which this version does not know")
    network = Assessor(variant)
    weights.filled(network, tensors, path)
    return Stored(network, rated, withheld)


def _variant(said: Mapping[str, str]) -> Variant:
    return Variant(
        said["backbone"],
        tuple(View(name) for name in said["views"].split()),
        view_fusion=SWITCHES[said["view_fusion"]],
        task_attention=SWITCHES[said["task_attention"]],
        finest=int(said["finest"]),
        light=SWITCHES[said.get("light", "no")],
    )
