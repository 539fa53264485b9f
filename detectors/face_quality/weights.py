"""What a weights file says of itself, and the network it holds: the notes name the variant and what was rated."""

from collections.abc import Mapping
from pathlib import Path

from detectors import weights
from detectors.face_quality.backbones import BACKBONES
from detectors.face_quality.network import DIMENSIONS, Assessor, Variant, View
from detectors.weights import WeightsUnavailable

SWITCHES = {"yes": True, "no": False}


def notes(variant: Variant, rated: int = len(DIMENSIONS)) -> dict[str, str]:
    """What a weights file must say; `rated` dimensions were trained, counted from the last."""
    say = {value: name for name, value in SWITCHES.items()}
    return {
        "backbone": variant.backbone,
        "views": " ".join(variant.views),
        "view_fusion": say[variant.view_fusion],
        "task_attention": say[variant.task_attention],
        "finest": str(variant.finest),
        "rated": str(rated),
    }


def loaded(path: Path) -> tuple[Assessor, int]:
    """The network of a weights file and how many dimensions it was trained for, counted from the last.

    Raises WeightsUnavailable where the notes name something unknown, or the tensors do not fit.
    """
    tensors, said = weights.read(path)
    try:
        variant, rated = _variant(said), int(said["rated"])
    except (KeyError, ValueError) as error:
        raise WeightsUnavailable(f"{path} does not say which network it is for: {error}; export it anew") from error
    if variant.backbone not in BACKBONES:
        raise WeightsUnavailable(f"{path} is for {variant.backbone}, which this version does not know")
    network = Assessor(variant)
    weights.filled(network, tensors, path)
    return network, rated


def _variant(said: Mapping[str, str]) -> Variant:
    return Variant(
        said["backbone"],
        tuple(View(name) for name in said["views"].split()),
        view_fusion=SWITCHES[said["view_fusion"]],
        task_attention=SWITCHES[said["task_attention"]],
        finest=int(said["finest"]),
    )
