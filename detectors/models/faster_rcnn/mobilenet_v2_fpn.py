"""The bundled Faster R-CNN: torchvision's, on MobileNetV2 with a pyramid from stride 8, for people and vehicles.

A pyramid from stride 8 and small anchors, because people in a camera's view are small; 128 channels and a hidden layer
of 512, because the file travels with the product. Both are ours.
"""

from torch import nn

from detectors.models.saliency_iqa.backbones import MobileNetV2

NAME = "fasterrcnn_mobilenet_v2_320_fpn"
PERSON, VEHICLE = 1, 2
CLASSES = 3
"""Background, people, vehicles of any kind."""
SIDE = 320
LONGEST_SIDE = 640
CHANNELS = 128
HIDDEN = 512
STAGES = {"6": ("0", 32), "13": ("1", 96), "17": ("2", 320)}
"""Block of the backbone, its name in the pyramid, its channels: strides 8, 16 and 32."""
ANCHOR_SIZES = ((16, 28), (48, 80), (128, 192), (280, 400))
ANCHOR_RATIOS = (0.5, 1.0, 2.2)
"""Height over width: vehicles, faces of them, standing people."""


def build_mobilenet_v2_fpn(**switches: int | float) -> nn.Module:
    """The network without weights; `switches` are further arguments of torchvision's FasterRCNN."""
    from torchvision.models.detection import FasterRCNN  # noqa: PLC0415 - takes a second, see variants.py
    from torchvision.models.detection.anchor_utils import AnchorGenerator  # noqa: PLC0415
    from torchvision.models.detection.backbone_utils import BackboneWithFPN  # noqa: PLC0415
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead  # noqa: PLC0415
    from torchvision.ops import MultiScaleRoIAlign  # noqa: PLC0415
    from torchvision.ops.feature_pyramid_network import LastLevelMaxPool  # noqa: PLC0415

    backbone = BackboneWithFPN(
        MobileNetV2().features,
        {block: name for block, (name, _) in STAGES.items()},
        [channels for _, channels in STAGES.values()],
        CHANNELS,
        LastLevelMaxPool(),
    )
    network: nn.Module = FasterRCNN(
        backbone,
        min_size=SIDE,
        max_size=LONGEST_SIDE,
        rpn_anchor_generator=AnchorGenerator(ANCHOR_SIZES, (ANCHOR_RATIOS,) * len(ANCHOR_SIZES)),
        box_roi_pool=MultiScaleRoIAlign([name for name, _ in STAGES.values()], 7, 2),
        box_head=TwoMLPHead(CHANNELS * 49, HIDDEN),
        box_predictor=FastRCNNPredictor(HIDDEN, CLASSES),
        **{"rpn_pre_nms_top_n_test": 300, "rpn_post_nms_top_n_test": 150} | switches,
    )
    return network
