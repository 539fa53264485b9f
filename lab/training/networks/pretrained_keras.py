"""Keras's ImageNet weights of ResNet50 (first version) and VGG16, and DINet's, read into SGDNet's networks.

The files are `resnet50_…` and `vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5` of
github.com/fchollet/deep-learning-models (MIT). Kernels lie as (H, W, in, out).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from detectors.models.sgdnet.backbones import RESNET50_STAGES, ResNet50, Vgg16
from detectors.models.sgdnet.dinet import DINet
from domain.errors import ConfigError

BRANCHES = {"residual.0": "2a", "residual.2": "2b", "residual.4": "2c", "shortcut": "1"}
KINDS = {
    "weight": r"kernel|W",
    "bias": r"bias|b",
    "gamma": r"gamma",
    "beta": r"beta",
    "mean": r"moving_mean|running_mean",
    "variance": r"moving_variance|running_std",
}
"""What a weight is called since Keras 2, and in Keras 1, whose "running_std" holds a variance."""
AFTER_RESNET50 = ("adaption", "branches", "decoder")
Layers = Mapping[str, Mapping[str, NDArray[np.float32]]]


def fill_from_keras(backbone: nn.Module, path: Path) -> None:
    """Fill a ResNet50 or Vgg16. Raises ConfigError where the file is not that network's or h5py is missing."""
    if not isinstance(backbone, (ResNet50, Vgg16)):
        raise ConfigError(f"{path}: Keras's weights are read for resnet50 and vgg16 only")
    _fill_all(keras_names(backbone), _layers(path), path)


def load_dinet_keras(path: Path) -> DINet:
    """DINet with the authors' weights: a file of two models in one, their convolutions after ResNet50 numbered.

    Raises ConfigError where the file is another network's or h5py is missing.
    """
    network, layers = DINet(), _layers(path)
    numbered = sorted((name for name in layers if re.fullmatch(r"conv2d_\d+", name)), key=lambda name: int(name[7:]))
    after = [part for name in AFTER_RESNET50 for part in network.get_submodule(name).modules()]
    convolutions = [part for part in after if isinstance(part, nn.Conv2d)]
    if len(numbered) != len(convolutions):
        raise ConfigError(f"{path} has {len(numbered)} convolutions after ResNet50's, not DINet's {len(convolutions)}")
    pairs = [*_resnet50_names(network.stem, network.blocks), *zip(numbered, convolutions, strict=True)]
    _fill_all(pairs, layers, path)
    return network


def _fill_all(pairs: Iterable[tuple[str, nn.Module]], layers: Layers, path: Path) -> None:
    for name, module in pairs:
        if name not in layers:
            raise ConfigError(f"{path} has no layer {name}: it holds another network's weights")
        try:
            _fill(module, layers[name])
        except (KeyError, RuntimeError) as error:
            raise ConfigError(f"{path}: layer {name} is of another network: {error}") from error


def keras_names(backbone: ResNet50 | Vgg16) -> Iterator[tuple[str, nn.Module]]:
    """Keras's name of every convolution and norm."""
    if isinstance(backbone, Vgg16):
        yield from _vgg16_names(backbone)
    else:
        yield from _resnet50_names(backbone.stem, backbone.blocks)


def _resnet50_names(stem: nn.Sequential, blocks: nn.Sequential) -> Iterator[tuple[str, nn.Module]]:
    yield "conv1", stem.get_submodule("0.0")
    yield "bn_conv1", stem.get_submodule("0.1")
    places = [
        f"{stage}{chr(ord('a') + index)}"
        for stage, described in enumerate(RESNET50_STAGES, start=2)
        for index in range(described.blocks)
    ]
    for place, block in zip(places, blocks, strict=True):
        for part, branch in BRANCHES.items():
            if part == "shortcut" and isinstance(block.get_submodule(part), nn.Identity):
                continue
            yield f"res{place}_branch{branch}", block.get_submodule(f"{part}.0")
            yield f"bn{place}_branch{branch}", block.get_submodule(f"{part}.1")


def _vgg16_names(backbone: Vgg16) -> Iterator[tuple[str, nn.Module]]:
    block, index = 1, 1
    for layer in backbone.features:
        if isinstance(layer, nn.MaxPool2d):
            block, index = block + 1, 1
        elif isinstance(layer, nn.Conv2d):
            yield f"block{block}_conv{index}", layer
            index += 1


def _fill(module: nn.Module, found: Mapping[str, NDArray[np.float32]]) -> None:
    if isinstance(module, nn.Conv2d):
        state = {"weight": _tensor(found["weight"].transpose(3, 2, 0, 1))}
        if module.bias is not None:
            state["bias"] = _tensor(found["bias"])
    else:
        state = {
            "weight": _tensor(found["gamma"]),
            "bias": _tensor(found["beta"]),
            "running_mean": _tensor(found["mean"]),
            "running_var": _tensor(found["variance"]),
            "num_batches_tracked": torch.zeros((), dtype=torch.long),
        }
    module.load_state_dict(state)


def _tensor(values: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def _layers(path: Path) -> Layers:
    """Arrays by layer and kind, from the groups and attributes that Keras writes; a model in a model is one group."""
    try:
        import h5py  # noqa: PLC0415  only the training extra has it
    except ModuleNotFoundError as error:
        raise ConfigError("reading Keras's .h5 needs h5py: pip install sightline-lab") from error
    try:
        with h5py.File(path, "r") as file:
            layers: dict[str, dict[str, NDArray[np.float32]]] = {}
            for group in map(_text, file.attrs["layer_names"]):
                for weight in map(_text, file[group].attrs["weight_names"]):
                    layer = weight.split("/")[-2] if "/" in weight else group
                    layers.setdefault(layer, {})[_kind(weight)] = np.asarray(file[group][weight])
            return layers
    except (OSError, KeyError) as error:
        raise ConfigError(f"{path} is not a weights file of Keras: {error}") from error


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _kind(name: str) -> str:
    """What a weight such as "conv1/kernel:0" or "conv1_W_1:0" is; the name itself where it is none of these."""
    last = name.rsplit("/", 1)[-1]
    for kind, pattern in KINDS.items():
        if re.fullmatch(rf"(?:.*_)?(?:{pattern})(?:_\d+)?(?::\d+)?", last):
            return kind
    return name
