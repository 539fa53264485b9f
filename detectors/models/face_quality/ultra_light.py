"""Ultra-Light-Fast (Linzaer, version RFB-320, MIT), the face detector of the SFIQA paper, from its published ONNX file.

It looks at the whole picture at 320 x 240 and finds boxes only. The five points that the views need come from MTCNN's
last network on each box: ours, for the paper parses faces instead.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from detectors.models.mtcnn.boxes import Faces, clip_to_picture, cut_patches, make_square
from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.runtime import import_openvino, is_openvino_available
from detectors.models.weights import WeightsUnavailable, sha256

NAME = "ultra_light_fast"
HEIGHT, WIDTH = 240, 320
LEAST_SCORE = 0.7
SAME_IOU = 0.3
"""Both as its authors' example has them."""
SHA256 = "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017"
Infer = Callable[[Any], tuple[Any, Any]]


class UltraLightFast:
    """Finds the faces of pictures, each picture alone; boxes by Ultra-Light-Fast, points by MTCNN's output network."""

    def __init__(self, infer: Infer, points: Mtcnn) -> None:
        """`infer` takes (1, 3, 240, 320) and returns (1, K, 2) scores and (1, K, 4) boxes in shares of the picture."""
        self._infer = infer
        self._points = points

    @torch.inference_mode()
    def find_faces(self, pictures: Sequence[Tensor] | Tensor) -> list[Faces]:
        """The faces of each picture (3, H, W), RGB in [0, 1]."""
        return [self._find(picture) for picture in pictures]

    def _find(self, picture: Tensor) -> Faces:
        from torchvision.ops import nms  # noqa: PLC0415 - takes a second, which no other command should wait

        levels = picture.unsqueeze(0).float() * 255
        small = interpolate(levels, size=(HEIGHT, WIDTH), mode="bilinear", antialias=True)
        scores, shares = self._infer(((small - 127) / 128).cpu().numpy())
        height, width = picture.shape[-2:]
        boxes = torch.from_numpy(shares[0].copy()) * torch.tensor([width, height, width, height])
        likely = torch.from_numpy(scores[0, :, 1].copy())
        sure = likely > LEAST_SCORE
        boxes, likely = boxes[sure], likely[sure]
        kept = nms(boxes, likely, SAME_IOU)
        return self._with_points(levels[0], boxes[kept].to(picture.device), likely[kept].to(picture.device))

    def _with_points(self, levels: Tensor, boxes: Tensor, likely: Tensor) -> Faces:
        """Five points by MTCNN's output network on each box made square; a box outside the picture is no face."""
        squares = make_square(boxes)
        crops, real = clip_to_picture(squares, levels.shape[-2], levels.shape[-1])
        boxes, likely, squares, crops = boxes[real], likely[real], squares[real], crops[real]
        if not len(boxes):
            return Faces(boxes, likely, boxes.new_zeros(0, 5, 2))
        _, _, relative = self._points.onet((cut_patches(levels, crops, 48) - 127.5) / 128)
        sides = squares[:, None, 2:] - squares[:, None, :2] + 1
        points = relative.view(-1, 2, 5).transpose(1, 2) * sides + squares[:, None, :2] - 1
        return Faces(boxes, likely, points)


def load_ultra_light(path: Path, points: Mtcnn) -> UltraLightFast:
    """The detector from `version-RFB-320.onnx`, known by its SHA-256.

    Raises WeightsUnavailable where the file is absent or another, and where OpenVINO, which reads it, is not installed.
    """
    if not path.is_file():
        raise WeightsUnavailable(
            f"no face detector at {path}: place version-RFB-320.onnx there, or leave the option out"
        )
    if sha256(path) != SHA256:
        raise WeightsUnavailable(f"{path} is not Ultra-Light-Fast's version-RFB-320.onnx: its SHA-256 is another")
    if not is_openvino_available():
        raise WeightsUnavailable(f"{path} needs OpenVINO: pip install openvino, or leave the option out")
    core = import_openvino().Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    request = core.compile_model(core.read_model(str(path)), "CPU", settings).create_infer_request()

    def infer(levels: Any) -> tuple[Any, Any]:
        answers = list(request.infer([levels]).values())
        scores = next(one for one in answers if one.shape[-1] == 2)
        return scores, next(one for one in answers if one.shape[-1] == 4)

    return UltraLightFast(infer, points)
