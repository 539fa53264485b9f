"""Public weights land where they belong, whatever file they come in."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import pad
from torchvision.models import resnet18

from detectors.models.saliency_iqa.backbones import BACKBONES, MobileNetV2, ResNet18
from detectors.models.saliency_iqa.network import normalise_imagenet
from detectors.models.sgdnet.backbones import ResNet50, Vgg16
from detectors.models.sgdnet.dinet import DINet
from domain.errors import ConfigError
from lab.training.networks.pretrained import load_pretrained
from lab.training.networks.pretrained_keras import keras_names, load_dinet_keras

CLASSIFIER = ("_fc.weight", "_fc.bias")
OLD_NAMES = {"kernel": "W", "moving_mean": "running_mean", "moving_variance": "running_std", "bias": "b"}


def keras_file(path: Path, backbone: ResNet50 | Vgg16, *, keras: int) -> None:
    """A weights file as Keras lays it out, with a layer of no weights, filled from `backbone`."""
    with h5py.File(path, "w") as file:
        names = [name for name, _ in keras_names(backbone)]
        file.attrs["layer_names"] = [name.encode() for name in ("input_1", *names)]
        file.create_group("input_1").attrs["weight_names"] = []
        for name, module in keras_names(backbone):
            arrays = as_keras(module)
            group = file.create_group(name)
            full = {
                (f"{name}/{kind}:0" if keras == 2 else f"{name}_{OLD_NAMES.get(kind, kind)}_1:0"): values
                for kind, values in arrays.items()
            }
            group.attrs["weight_names"] = [weight.encode() for weight in full]
            for weight, values in full.items():
                group.create_dataset(weight, data=values)


def as_keras(module: nn.Module) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    state = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    if isinstance(module, nn.Conv2d):
        kernel = {"kernel": state["weight"].transpose(2, 3, 1, 0)}
        return kernel | ({"bias": state["bias"]} if "bias" in state else {})
    return {
        "gamma": state["weight"],
        "beta": state["bias"],
        "moving_mean": state["running_mean"],
        "moving_variance": state["running_var"],
    }


def shuffled(network: nn.Module) -> nn.Module:
    """Every number of the network its own, so that a tensor in another's place is seen."""
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    return network


@pytest.mark.parametrize(("kind", "keras"), [(ResNet50, 1), (Vgg16, 2)])
def test_kerass_files_fill_sgdnets_backbones(tmp_path: Path, kind: type[ResNet50 | Vgg16], keras: int) -> None:
    published, own = kind(), kind()
    shuffled(published)
    keras_file(tmp_path / "notop.h5", published, keras=keras)
    load_pretrained(own, tmp_path / "notop.h5")
    expected = published.state_dict()
    for name, tensor in own.state_dict().items():
        assert torch.equal(tensor, expected[name]), name


def test_kerass_names_are_the_published_ones() -> None:
    with torch.device("meta"):
        names = [name for name, _ in keras_names(ResNet50())]
        vgg = [name for name, _ in keras_names(Vgg16())]
    assert names[:6] == ["conv1", "bn_conv1", "res2a_branch2a", "bn2a_branch2a", "res2a_branch2b", "bn2a_branch2b"]
    assert names[-2:] == ["res5c_branch2c", "bn5c_branch2c"]
    assert {"res4f_branch2b", "res3d_branch2a", "bn5a_branch1"} <= set(names)
    assert "res4b_branch1" not in names
    assert len(names) == 2 * 53
    assert (vgg[0], vgg[4], vgg[-1], len(vgg)) == ("block1_conv1", "block3_conv1", "block5_conv3", 13)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_torchvisions_weights_fill_a_branchs_backbone(tmp_path: Path, suffix: str) -> None:
    published, own = shuffled(resnet18(weights=None)), ResNet18()
    path = tmp_path / f"resnet18.{suffix}"
    if suffix == "pth":
        torch.save(published.state_dict(), path)
    else:
        save_file(published.state_dict(), path)
    load_pretrained(own, path)
    expected = published.state_dict()
    for name, tensor in own.state_dict().items():
        assert torch.equal(tensor, expected[name]), name


@pytest.mark.parametrize("number", [0, 2])
def test_efficientnet_lites_published_tensors_compute_timms_maps(tmp_path: Path, number: int) -> None:
    torch.manual_seed(0)
    published: Any = timm.create_model(f"tf_efficientnet_lite{number}", pretrained=False).eval()
    for name, tensor in published.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim == 1:
            tensor.uniform_(0.9, 1.1) if "var" in name or "weight" in name else tensor.uniform_(-0.1, 0.1)
    names = ["_conv_stem.weight", *(str(place) for place in range(len(published.state_dict()) - 3)), *CLASSIFIER]
    path = tmp_path / f"efficientnet-lite{number}.pth"
    torch.save(dict(zip(names, published.state_dict().values(), strict=True)), path)
    own = BACKBONES[f"efficientnet_lite{number}"]().eval()
    load_pretrained(own, path)
    pad_as_published(own)
    pictures = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        expected, found = published.forward_features((255 * pictures - 127) / 128), own(normalise_imagenet(pictures))
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3)
    with pytest.raises(ConfigError, match="another EfficientNet-Lite"):
        load_pretrained(BACKBONES["efficientnet_lite1"](), path)
    with pytest.raises(ConfigError, match="EfficientNet-Lite's start"):
        load_pretrained(ResNet18(), path)


def pad_as_published(network: nn.Module) -> None:
    """Pad stride-2 convolutions on one side, as TensorFlow does, a picture with its grey of 127 of 255."""
    grey = normalise_imagenet(torch.full((1, 3, 1, 1), 127 / 255))
    for convolution in network.modules():
        if isinstance(convolution, nn.Conv2d) and convolution.stride == (2, 2):
            before = (convolution.kernel_size[0] - 2) // 2
            after = convolution.kernel_size[0] - 2 - before
            border = grey if convolution.in_channels == 3 else torch.zeros(1)
            convolution.padding = (0, 0)
            convolution.register_forward_pre_hook(
                lambda _module, inputs, sides=(before, after, before, after), border=border: (
                    pad(inputs[0] - border, sides) + border,
                )
            )


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no weights to start from"):
        load_pretrained(ResNet18(), tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("not weights")
    with pytest.raises(ConfigError, match="not a checkpoint"):
        load_pretrained(ResNet18(), tmp_path / "text.pth")
    (tmp_path / "start.tflite").write_text("")
    with pytest.raises(ConfigError, match="MobileNetV2's start"):
        load_pretrained(ResNet18(), tmp_path / "start.tflite")
    (tmp_path / "notop.h5").write_text("not keras")
    with pytest.raises(ConfigError, match="not a weights file of Keras"):
        load_pretrained(Vgg16(), tmp_path / "notop.h5")
    with pytest.raises(ConfigError, match="resnet50 and vgg16 only"):
        load_pretrained(MobileNetV2(), tmp_path / "notop.h5")
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "small.pth")
    with pytest.raises(ConfigError, match="another network"):
        load_pretrained(ResNet18(), tmp_path / "small.pth")


def test_dinets_file_of_two_models_in_one_becomes_our_dinet(tmp_path: Path) -> None:
    published = shuffled(DINet())
    assert isinstance(published, DINet)
    resnet = ResNet50()
    resnet.stem, resnet.blocks = published.stem, published.blocks
    parts = [*published.adaption.modules(), *published.branches.modules(), *published.decoder.modules()]
    after = [part for part in parts if isinstance(part, nn.Conv2d)]
    encoder = [*keras_names(resnet), *((f"conv2d_{9 + index}", part) for index, part in enumerate(after[:4]))]
    decoder = [(f"conv2d_{13 + index}", part) for index, part in enumerate(after[4:])]
    with h5py.File(tmp_path / "dinet.h5", "w") as file:
        file.attrs["layer_names"] = [b"model_2", b"model_3"]
        for group, layers in (("model_2", encoder), ("model_3", decoder)):
            arrays = {f"{name}/{kind}:0": values for name, part in layers for kind, values in as_keras(part).items()}
            file.create_group(group).attrs["weight_names"] = [weight.encode() for weight in sorted(arrays)]
            for weight, values in arrays.items():
                file[group].create_dataset(weight, data=values)
    found = load_dinet_keras(tmp_path / "dinet.h5").state_dict()
    for name, tensor in published.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(found[name], tensor), name
    keras_file(tmp_path / "notop.h5", shuffled(ResNet50()), keras=2)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="0 convolutions after ResNet50's"):
        load_dinet_keras(tmp_path / "notop.h5")
