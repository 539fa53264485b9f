"""An ImageNet start for MobileNetV2 from a quantised TFLite file, for machines that cannot reach the float weights.

The file is google-coral/test_data `tf2_mobilenet_v2_1.0_224_ptq.tflite` (Apache-2.0): int8 with a scale per output
channel, batch norm folded into each convolution. The quantisation costs the start little: training follows.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.models.saliency_iqa.backbones import MobileNetV2, normed_convolutions
from detectors.models.saliency_iqa.network import IMAGENET_MEAN, IMAGENET_STD
from domain.errors import ConfigError

CONVOLUTIONS = 52


def load_mobilenet_v2_tflite(path: Path) -> MobileNetV2:
    """MobileNetV2 with ImageNet weights, its batch norms an identity plus the folded bias (mean 0, variance 1).

    Expects ImageNet-normalised input: the file's own normalisation (x / 127.5 - 1) is moved into the first
    convolution. The file pads stride-2 convolutions on one side only; ours pad both, which shifts the content by at
    most 31 pixels and changes nothing else. Raises ConfigError where the file is absent or not this network.
    """
    network = MobileNetV2()
    layers = normed_convolutions(network)
    found = list(_convolutions(path))
    if len(found) < CONVOLUTIONS:
        raise ConfigError(
            f"{path} has {len(found)} convolutions, not {CONVOLUTIONS}: take the file that docs/training.md names"
        )
    with torch.no_grad():
        for (weight, bias), (_, convolution, _, norm) in zip(found[:CONVOLUTIONS], layers, strict=True):
            convolution.weight.copy_(weight)
            norm.weight.fill_((1 + norm.eps) ** 0.5)
            norm.bias.copy_(bias)
        _take_imagenet_normalised_input(layers[0][1], layers[0][3])
    return network


def _take_imagenet_normalised_input(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    """The file wants 2x - 1, we give (x - mean) / std, so 2x - 1 = 2 std * ours + 2 mean - 1."""
    scale = 2 * torch.tensor(IMAGENET_STD).view(1, 3, 1, 1)
    offset = 2 * torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) - 1
    norm.bias.add_((convolution.weight * offset).sum(dim=(1, 2, 3)))
    convolution.weight.mul_(scale)


def _convolutions(path: Path) -> Iterator[tuple[Tensor, Tensor]]:
    """Weight (O, I, H, W) or (C, 1, H, W) and bias (O,) of each convolution in the file's order."""
    import tflite  # noqa: PLC0415  only the training extra has it

    if not path.is_file():
        raise ConfigError(f"no ImageNet start at {path}: give the tflite file named in docs/training.md")
    model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    depthwise_code = tflite.BuiltinOperator.DEPTHWISE_CONV_2D
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        if code not in (tflite.BuiltinOperator.CONV_2D, depthwise_code):
            continue
        weight = _dequantise(model, graph.Tensors(operator.Inputs(1)), np.dtype(np.int8))
        bias = _dequantise(model, graph.Tensors(operator.Inputs(2)), np.dtype(np.int32))
        axes = (3, 0, 1, 2) if code == depthwise_code else (0, 3, 1, 2)
        yield torch.from_numpy(weight.transpose(axes).copy()), torch.from_numpy(bias)


def _dequantise(model: object, tensor: object, dtype: np.dtype[np.int8] | np.dtype[np.int32]) -> NDArray[np.float32]:
    """(q - zero point) * scale, the scale per channel of the quantised dimension."""
    shape = tensor.ShapeAsNumpy()  # type: ignore[attr-defined]
    raw = model.Buffers(tensor.Buffer()).DataAsNumpy()  # type: ignore[attr-defined]
    quantised = raw.view(dtype).reshape(shape).astype(np.float32)
    parameters = tensor.Quantization()  # type: ignore[attr-defined]
    along = [1] * len(shape)
    along[parameters.QuantizedDimension()] = -1
    scale = parameters.ScaleAsNumpy().astype(np.float32).reshape(along)
    zero = parameters.ZeroPointAsNumpy().astype(np.float32).reshape(along)
    values: NDArray[np.float32] = (quantised - zero) * scale
    return values
