"""Every model with trained weights by name: what it is, where its weights come from, and how its detector is made.

A new model is a line in `MODELS`, an entry in `weights/manifest.json` and a detector file; the registry, `sightline
models`, `doctor`, the API and the tests over all models read this table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from detectors.models import weights
from detectors.models.classic_iqa import detector as baselines
from detectors.models.detection_quality import detectability, first_convolution
from detectors.models.detection_quality import detector as detection_quality
from detectors.models.detection_quality.networks import PATCH_SIDE, MobileRegressor
from detectors.models.face_quality import detector as face_quality
from detectors.models.face_quality import weights as face_quality_weights
from detectors.models.face_quality.network import SIDE, VIEWS, Assessor, AssessorVariant
from detectors.models.faster_rcnn import detector as faster_rcnn
from detectors.models.faster_rcnn import weights as faster_rcnn_weights
from detectors.models.faster_rcnn.variants import OWN_VARIANT, build_network
from detectors.models.mtcnn import detector as mtcnn
from detectors.models.mtcnn import weights as mtcnn_weights
from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.picture_faults import detector as picture_faults
from detectors.models.picture_faults.network import PictureFaults
from detectors.models.pictures import Detector
from detectors.models.saliency.providers import CENTRED, SPECTRAL_RESIDUAL, ChosenSaliency, choose_saliency
from detectors.models.saliency_iqa import detector as saliency_iqa
from detectors.models.saliency_iqa.network import GLOBAL_SIDE, LOCAL_SIDE, LOCAL_WEIGHT, SaliencyIqa
from detectors.models.saliency_iqa.noise_haze import CORRECTION
from detectors.models.sgdnet import detector as sgdnet
from detectors.models.sgdnet import network as sgdnet_network
from detectors.models.weights import WeightsFile
from domain.errors import ConfigError
from domain.metrics import MetricSpec

COSTLY_EVERY_S = 60.0
"""Of models that look for faces and objects at the picture's own size."""

Option = Callable[[Any], Any]
"""Checks what the operator wrote and returns what the detector's maker takes; raises ConfigError or ValueError."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model with trained weights."""

    name: str
    title: str
    """Its name for people."""
    source: str
    """The paper, or "ours"."""
    input: str
    """Shape of its inputs, in words."""
    network: Callable[[], nn.Module]
    """Builds it untrained, as counted in parameters."""
    example: Callable[[], tuple[Tensor, ...]]
    """Inputs at which its GMACs are counted."""
    detector: Callable[..., Detector] | None = None
    """`detector(explicit, downloads, **options)`; raises `WeightsUnavailable`. None: never scores live."""
    published: Callable[[], nn.Module] | None = None
    """The source's own network at the same input, where `network` is a lighter one."""
    note: str = ""
    metrics: tuple[MetricSpec, ...] = ()
    """What the detector measures."""
    every_s: float = 10.0
    """A picture of each stream is judged this often at most, by the stream's clock; a learned model costs."""
    default: bool = False
    """Judges wherever its weights are, unless switched off; every other model where it is asked for, or on a GPU."""
    family: str = ""
    """Models of one family measure the same, so one of them judges; empty for a model of its own."""
    gated: bool = False
    """Passes over pictures that the quality gate finds too poor, where the operator set one."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What a weights file of exactly `network()` says of itself; the tests write such files."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """What the operator may set besides the path, by keyword of `detector`."""
    located: Callable[..., WeightsFile] | None = None
    """`located(explicit=, downloads=)` where the weights are no single file of the manifest."""
    pulled: Callable[[Path], WeightsFile] | None = None
    """`pulled(downloads)` likewise."""
    licence: str = ""
    """That of the weights, where the manifest has no entry."""

    def weights(self, explicit: Path | None = None, downloads: Path | None = None) -> WeightsFile:
        """The weights file that would be used; raises WeightsUnavailable without."""
        if self.located is not None:
            return self.located(explicit=explicit, downloads=downloads)
        return weights.locate_weights(self.name, explicit=explicit, downloads=downloads)

    def pull(self, downloads: Path) -> WeightsFile:
        """Download the weights by checksum; raises WeightsUnavailable where they cannot be had."""
        return self.pulled(downloads) if self.pulled is not None else weights.pull_weights(self.name, downloads)


def _parse_saliency(given: Any) -> ChosenSaliency:
    """`{name: spectral_residual}`, or `{name: simplenet_mobilenet_v2, path: …}`, or a name that needs no path."""
    chosen = {"name": given} if isinstance(given, str) else dict(given)
    path = chosen.pop("path", None)
    name = chosen.pop("name", SPECTRAL_RESIDUAL)
    if chosen:
        raise ConfigError(f"unknown key {next(iter(chosen))}; it has name and path")
    return choose_saliency(str(name), None if path is None else Path(str(path)).expanduser())


def _parse_path(given: Any) -> Path:
    return Path(str(given)).expanduser()


def _parse_share(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
        raise ConfigError("must be a number from 0 to 1")
    return float(given)


def _parse_switch(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ConfigError("must be true or false")
    return given


def _make_saliency_iqa(
    explicit: Path | None = None,
    downloads: Path | None = None,
    *,
    saliency: ChosenSaliency | None = None,
    local_weight: float | None = None,
    correct_noise_haze: bool = True,
) -> Detector:
    correction = CORRECTION if correct_noise_haze else None
    return saliency_iqa.load_saliency_iqa(
        explicit, downloads, provider=saliency, local_weight=local_weight, correction=correction
    )


SALIENCY_IQA = Model(
    name=saliency_iqa.MODEL,
    title="Saliency IQA: picture quality as people would judge it",
    source="Lu et al. 2022 (arXiv 2206.04318)",
    input="448x448 (whole) and 224x224 (most salient window), RGB",
    network=lambda: SaliencyIqa("efficientnet_lite0"),
    published=lambda: SaliencyIqa("resnet18"),
    example=lambda: (torch.zeros(1, 3, GLOBAL_SIDE, GLOBAL_SIDE), torch.zeros(1, 3, LOCAL_SIDE, LOCAL_SIDE)),
    detector=_make_saliency_iqa,
    note="the paper's backbone is ResNet18; the bundled weights are EfficientNet-Lite0's",
    metrics=saliency_iqa.SaliencyIqaDetector.metrics,
    default=True,
    options={"saliency": _parse_saliency, "local_weight": _parse_share, "correct_noise_haze": _parse_switch},
    notes={"backbone": "efficientnet_lite0", "saliency": CENTRED, "local_weight": str(LOCAL_WEIGHT)},
)
SGDNET = Model(
    name=sgdnet.MODEL,
    title="SGDNet: picture quality guided by predicted saliency",
    source="Yang et al. 2019 (ACM Multimedia)",
    input="384x512, RGB",
    network=lambda: sgdnet_network.SgdNet(sgdnet_network.SgdNetVariant("mobilenet_v2")),
    published=lambda: sgdnet_network.SgdNet(sgdnet_network.SgdNetVariant("resnet50")),
    example=lambda: (torch.zeros(1, 3, *sgdnet.SIZE),),
    detector=sgdnet.load_sgdnet,
    note="counted for MobileNetV2; the paper's ResNet50 has 26.29 M parameters and 15.3 GMACs, and the file decides",
    metrics=sgdnet.SgdNetDetector.metrics,
    notes=sgdnet.make_notes(sgdnet_network.SgdNetVariant("mobilenet_v2"), "spectral_residual"),
    options={"teacher_path": Path},
)

MTCNN = Model(
    name=mtcnn_weights.MODEL,
    title="MTCNN: how many faces a picture shows, and how sure they are",
    source="Zhang et al. 2016 (arXiv 1604.02878); weights of facenet-pytorch 2.5.3",
    input="1280x720 RGB, faces from 40 px; 64 patches of 24x24 and 16 of 48x48 look again",
    network=lambda: Mtcnn(mtcnn.SMALLEST_FACE_PX),
    example=lambda: (torch.zeros(1, 3, 720, 1280), torch.zeros(64, 3, 24, 24), torch.zeros(16, 3, 48, 48)),
    detector=mtcnn.load_mtcnn_detector,
    note="counts and confidences only: no embedding, no picture",
    metrics=mtcnn.MtcnnDetector.metrics,
    located=mtcnn_weights.locate_weights,
    pulled=mtcnn_weights.pull_weights,
    licence=mtcnn_weights.LICENCE,
    every_s=COSTLY_EVERY_S,
    default=True,
    gated=True,
)
FASTER_RCNN = Model(
    name=faster_rcnn_weights.MODEL,
    title="Faster R-CNN: people, vehicles, and with COCO's weights animals and bags a picture shows",
    source="Ren et al. 2015 (arXiv 1506.01497) as torchvision trains it on COCO",
    input="1280x720 RGB, reduced to 320 on the shorter side",
    network=lambda: build_network(OWN_VARIANT),
    example=lambda: (torch.zeros(1, 3, 720, 1280),),
    detector=faster_rcnn.load_faster_rcnn,
    note="counted for the bundled network; a pulled file decides which of torchvision's four variants runs",
    metrics=faster_rcnn.FasterRcnnDetector.metrics,
    notes={"variant": OWN_VARIANT.name},
    located=faster_rcnn_weights.locate_weights,
    pulled=faster_rcnn_weights.pull_weights,
    licence=f"Apache-2.0 (bundled), {faster_rcnn_weights.LICENCE} (torchvision's)",
    every_s=COSTLY_EVERY_S,
    default=True,
    gated=True,
)
BRISQUE = Model(
    name=baselines.BRISQUE,
    title="BRISQUE: how unnatural a picture's luma looks, a classic opinion",
    source="Mittal, Moorthy, Bovik 2012 (TIP 21)",
    input="the 36 features of a picture at native size",
    network=baselines.BrisqueTensors,
    example=lambda: (torch.zeros(1, 36, dtype=torch.float64),),
    detector=baselines.load_brisque_detector,
    note="a baseline; OpenCV's regression may be given by the path of its model",
    metrics=(baselines.BRISQUE_SPEC,),
    notes={"rho": "0.0", "gamma": "0.05", "slope": "1.0", "level": "40.0"},
)
NIQE = Model(
    name=baselines.NIQE,
    title="NIQE: how far a picture is from good ones, or a camera from its own good frames",
    source="Mittal, Soundararajan, Bovik 2013 (SPL 20)",
    input="36 features of each 96x96 patch at native size",
    network=baselines.NiqeTensors,
    example=lambda: (torch.rand(8, 36, dtype=torch.float64),),
    detector=baselines.load_niqe_detector,
    note="a baseline; a model of one camera's own good frames given by path makes it a measure of drift",
    metrics=(baselines.NIQE_SPEC,),
)

DETECTABILITY = Model(
    name=detectability.MODEL,
    title="Detectability: the share of objects a detector would still find",
    source="ours",
    input="416x234 (a 16:9 picture reduced), RGB",
    network=detectability.SurvivalNetwork,
    example=lambda: (torch.zeros(1, 3, 234, detectability.LONGER_SIDE),),
    detector=detectability.load_detectability,
    note="predicts the survival of what YOLOX-nano finds; other detectors differ",
    metrics=detectability.DetectabilityDetector.metrics,
    default=True,
)
PICTURE_FAULTS = Model(
    name=picture_faults.MODEL,
    title="Picture faults: what is wrong with a picture, without a past",
    source="ours",
    input="416x234 (a 16:9 picture reduced), RGB",
    network=PictureFaults,
    example=lambda: (torch.zeros(1, 3, 234, detectability.LONGER_SIDE),),
    detector=picture_faults.load_picture_faults,
    note="the trunk is detectability's: a picture for both passes it once; trained on synthetic faults",
    metrics=picture_faults.PictureFaultsDetector.metrics,
    default=True,
)
DETECTION_QUALITY = Model(
    name=detection_quality.MODEL,
    title="Detection quality: what compression cost an object detector, without the original",
    source="Beniwal et al., VISAPP 2022, section 5",
    input="two 224x224 patches, RGB",
    network=MobileRegressor,
    example=lambda: (torch.zeros(2, 3, PATCH_SIDE, PATCH_SIDE),),
    detector=detection_quality.load_detection_quality,
    note="a short MobileNetV2; the paper's own network is the other of detectors/models/detection_quality/networks.py",
    metrics=detection_quality.DetectionQualityDetector.metrics,
    default=True,
    notes={"network": "mobile"},
)
DCT_METRIC = Model(
    name=first_convolution.MODEL,
    title="DCT metric: what compression took from the first convolution, against the original",
    source="Beniwal et al., VISAPP 2022, section 3",
    input="224x224, RGB",
    network=first_convolution.untrained_convolution,
    example=lambda: (torch.zeros(1, 3, PATCH_SIDE, PATCH_SIDE),),
    note="offline, for it needs the original; ResNet50's conv1 by path: 9,408 parameters, 0.118 GMACs",
)


def _face_quality_model(name: str, size: str, variant: AssessorVariant, note: str, *, default: bool = False) -> Model:
    return Model(
        name=name,
        title=f"SFIQA-Assessor {size}: how good the faces in a picture are, in six dimensions",
        source="Jiang et al. 2026 (arXiv 2602.07403)",
        input="three views of a face, 224x224 each, RGB",
        network=partial(Assessor, variant),
        example=lambda: (torch.zeros(1, len(VIEWS), 3, SIDE, SIDE),),
        detector=partial(face_quality.load_face_quality, name),
        note=note,
        metrics=face_quality.FaceQualityDetector.metrics,
        notes=face_quality_weights.make_notes(variant),
        every_s=COSTLY_EVERY_S,
        default=default,
        family="face_quality",
        options={"face_detector": _parse_path},
        gated=True,
    )


_SFIQA_NOTE = "trained with `sightline train` on SFIQA-Bench; no weights are published"
SFIQA_S = _face_quality_model("sfiqa_s", "S", AssessorVariant("edgenext_small"), _SFIQA_NOTE)
SFIQA_XS = _face_quality_model("sfiqa_xs", "XS", AssessorVariant("edgenext_x_small"), _SFIQA_NOTE)
SFIQA_XXS = _face_quality_model("sfiqa_xxs", "XXS", AssessorVariant("edgenext_xx_small"), _SFIQA_NOTE)
SFIQA_MOBILENET = _face_quality_model(
    "sfiqa_mobilenet",
    "with MobileNetV2",
    AssessorVariant("mobilenet_v2", finest=1, light=True),
    "ours, for the ImageNet start at hand; scales fused at stride 8, light and colour measured beside the backbones; "
    "trained on synthetic distortions",
    default=True,
)

MODELS: Mapping[str, Model] = MappingProxyType(
    {
        model.name: model
        for model in (
            *(SALIENCY_IQA, SGDNET, BRISQUE, NIQE, MTCNN, FASTER_RCNN),
            *(DETECTABILITY, PICTURE_FAULTS, DETECTION_QUALITY, DCT_METRIC),
            *(SFIQA_S, SFIQA_XS, SFIQA_XXS, SFIQA_MOBILENET),
        )
    }
)
