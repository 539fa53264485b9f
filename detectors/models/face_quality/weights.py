"""What a weights file says of itself, and the network it holds: the notes name the variant and what was rated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.models import weights
from detectors.models.face_quality.backbones import BACKBONES
from detectors.models.face_quality.network import DIMENSIONS, Assessor, AssessorVariant, Dimension, FaceView
from detectors.models.weights import WeightsUnavailable

HEAD, REGRESSION = "head", "regression"
"""What overall quality comes from. A file without this note is from before heads of opinions: the regression."""
SWITCHES = {"yes": True, "no": False}


@dataclass(frozen=True)
class StoredAssessor:
    """What a weights file holds: `rated` dimensions were trained, counted from the last; `withheld` are not shown.

    A dimension is withheld that was trained and failed its evidence, as the model card says. `regressed` says that
    overall quality is Eq. 1 on the other five: where the overall labels were made by it, a head would only repeat it.
    """

    network: Assessor
    rated: int
    withheld: frozenset[Dimension]
    regressed: bool = False


def make_notes(
    variant: AssessorVariant,
    rated: int = len(DIMENSIONS),
    withheld: Sequence[Dimension] = (),
    *,
    regressed: bool = False,
) -> dict[str, str]:
    """What a weights file must say, as `StoredAssessor` explains."""
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
        "overall": REGRESSION if regressed else HEAD,
    }


def load_assessor(path: Path) -> StoredAssessor:
    """What a weights file holds.

    Raises WeightsUnavailable where the notes name something unknown, or the tensors do not fit.
    """
    tensors, said = weights.read_weights(path)
    try:
        variant, rated = _parse_variant(said), int(said["rated"])
        withheld = frozenset(Dimension(name) for name in said["withheld"].split())
        regressed = {HEAD: False, REGRESSION: True}[said.get("overall", REGRESSION)] and rated == len(DIMENSIONS)
    except (KeyError, ValueError) as error:
        raise WeightsUnavailable(f"{path} does not say which network it is for: {error}; export it again") from error
    if variant.backbone not in BACKBONES:
        raise WeightsUnavailable(f"{path} is for {variant.backbone}, which this version does not know")
    network = Assessor(variant)
    weights.load_into(network, tensors, path)
    return StoredAssessor(network, rated, withheld, regressed)


def _parse_variant(said: Mapping[str, str]) -> AssessorVariant:
    return AssessorVariant(
        said["backbone"],
        tuple(FaceView(name) for name in said["views"].split()),
        view_fusion=SWITCHES[said["view_fusion"]],
        task_attention=SWITCHES[said["task_attention"]],
        finest=int(said["finest"]),
        light=SWITCHES[said.get("light", "no")],
    )
