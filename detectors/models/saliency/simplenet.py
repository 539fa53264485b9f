"""SimpleNet (Reddy et al. 2020, "Tidying deep saliency prediction architectures"): an encoder, skips, five doublings.

Parameter names are those of the authors' public weights (samyak0210/saliency, SALICON), which therefore load; see
`detectors/models/saliency/simplenet.py`.
"""

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor, nn

from detectors.models import weights
from detectors.models.saliency.pnasnet import PNASNet
from detectors.models.weights import SIZE_LIMIT_BYTES, WeightsUnavailable

SIDE = 256
SMOOTHING_SIDE = 11
SMOOTHING_SIGMA = 0.3 * ((SMOOTHING_SIDE - 1) / 2 - 1) + 0.8
"""OpenCV's rule for a kernel of a given side, which the authors' code uses: 2.0."""


class MobileNetV2Encoder(nn.Module):
    """Torchvision's MobileNetV2, cut before each reduction."""

    channels = (16, 24, 32, 96, 1280)
    ends = (2, 4, 7, 14, 19)

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v2  # noqa: PLC0415  loaded only where it runs

        self.features = mobilenet_v2(weights=None).features

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return maps (N, channels, H / s, W / s) of strides s = 2, 4, 8, 16 and 32 of pictures (N, 3, H, W)."""
        maps, last = [], pictures
        for index, block in enumerate(self.features, start=1):
            last = block(last)
            if index in self.ends:
                maps.append(last)
        return maps


class ResNet50Encoder(nn.Module):
    """Torchvision's ResNet50 without the classifier."""

    channels = (64, 256, 512, 1024, 2048)

    def __init__(self) -> None:
        super().__init__()
        from torchvision.models import resnet50  # noqa: PLC0415  loaded only where it runs

        for name, part in resnet50(weights=None).named_children():
            if name not in {"avgpool", "fc"}:
                self.add_module(name, part)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Return maps (N, channels, H / s, W / s) of strides s = 2, 4, 8, 16 and 32 of pictures (N, 3, H, W)."""
        parts = dict(self.named_children())
        maps = [parts["relu"](parts["bn1"](parts["conv1"](pictures)))]
        last = parts["maxpool"](maps[0])
        for stage in ("layer1", "layer2", "layer3", "layer4"):
            last = parts[stage](last)
            maps.append(last)
        return maps


ENCODERS: Mapping[str, Callable[[], MobileNetV2Encoder | ResNet50Encoder | PNASNet]] = MappingProxyType(
    {"mobilenet_v2": MobileNetV2Encoder, "resnet50": ResNet50Encoder, "pnasnet": PNASNet}
)
DECODER_CHANNELS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "mobilenet_v2": (96, 32, 24, 16, 16),
        "resnet50": (1024, 512, 256, 64, 64),
        "pnasnet": (512, 256, 270, 96, 128),
    }
)
"""Channels after each of the five doublings, as in the authors' code."""


class SimpleNet(nn.Module):
    """Encoder maps from deep to shallow: convolve, double, join the next; a sigmoid at the end."""

    def __init__(self, encoder: str) -> None:
        super().__init__()
        self.encoder = ENCODERS[encoder]()
        outputs = DECODER_CHANNELS[encoder]
        skips = (0, *reversed(self.encoder.channels[:-1]))
        inputs = self.encoder.channels[-1]
        for level, (skip, channels) in enumerate(zip(skips, outputs, strict=True)):
            self.add_module(f"deconv_layer{level}", _doubling(inputs + skip, channels))
            inputs = channels
        self.deconv_layer5 = nn.Sequential(
            nn.Conv2d(inputs, inputs, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(inputs, 1, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Saliency (N, 1, H, W) in [0, 1] of pictures (N, 3, H, W) in [-1, 1], H and W multiples of 32."""
        *skips, last = self.encoder(pictures)
        last = self.get_submodule("deconv_layer0")(last)
        for level, skip in enumerate(reversed(skips), start=1):
            last = self.get_submodule(f"deconv_layer{level}")(torch.cat([last, skip], dim=1))
        saliency: Tensor = self.deconv_layer5(last)
        return saliency


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    )


class SimpleNetSaliency:
    """SimpleNet as a provider: squashed to 256 x 256, x -> 2 x - 1, the map smoothed by an 11 x 11 Gaussian.

    Ours: the authors smooth the map at the picture's own size when they draw it and at 256 x 256 when they measure;
    here it is always the latter.
    """

    def __init__(self, network: SimpleNet) -> None:
        """`network` is put into evaluation mode."""
        self._network = network.eval()

    @torch.inference_mode()
    def __call__(self, rgb: Tensor) -> Tensor:
        """Return (N, 1, 256, 256) in [0, 1] for RGB (N, 3, H, W) in [0, 1]."""
        self._network.to(rgb.device)
        squashed = nn.functional.interpolate(rgb, size=(SIDE, SIDE), mode="bilinear", antialias=True)
        maps: Tensor = self._network(2 * squashed - 1)
        return smooth_map(maps)


def smooth_map(maps: Tensor) -> Tensor:
    """Gaussian of 11 x 11, sigma 2, on (N, 1, h, w), the border mirrored without repeating it."""
    half = SMOOTHING_SIDE // 2
    offsets = torch.arange(-half, half + 1, dtype=maps.dtype, device=maps.device)
    bell = torch.exp(-offsets.square() / (2 * SMOOTHING_SIGMA**2))
    bell = bell / bell.sum()
    padded = nn.functional.pad(maps, (half, half, half, half), mode="reflect")
    down = nn.functional.conv2d(padded, bell.view(1, 1, -1, 1))
    return nn.functional.conv2d(down, bell.view(1, 1, 1, -1))


CHECKPOINT_PREFIXES = {"mobilenet.": "encoder.features.", "resnet.": "encoder.", "pnas.": "encoder."}
CLASSIFIERS = ("encoder.fc.", "encoder.classifier.", "encoder.auxiliary_head.")


def read_simplenet(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file, or of a PyTorch checkpoint that holds nothing but tensors, under our names.

    Raises WeightsUnavailable where the file is absent, too large, or holds anything else.
    """
    if not path.is_file():
        raise WeightsUnavailable(f"no saliency weights at {path}: give the path of SimpleNet's SALICON weights")
    if path.stat().st_size > SIZE_LIMIT_BYTES:
        raise WeightsUnavailable(f"{path} is larger than {SIZE_LIMIT_BYTES} bytes: not SimpleNet's weights")
    if path.suffix == ".safetensors":
        return rename_tensors(weights.read_weights(path)[0])
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise WeightsUnavailable(f"{path} is not a checkpoint of tensors: {error}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsUnavailable(f"{path} holds more than named tensors: give the authors' state dict")
    return rename_tensors(state)


def rename_tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors' names to ours: the wrapper's prefix and the encoder's second copy and classifier dropped."""
    found = {}
    for name, tensor in state.items():
        own = name.removeprefix("module.")
        if own.startswith("conv_layer"):
            continue
        for theirs, ours in CHECKPOINT_PREFIXES.items():
            if own.startswith(theirs):
                own = ours + own.removeprefix(theirs)
        if not own.startswith(CLASSIFIERS):
            found[own] = tensor
    return found
