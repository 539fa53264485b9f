"""ImageNet's MobileNetV2 to stride 16, which several models share: a picture passes through it once.

Detectability and picture faults have the same trunk, tensor for tensor. Whichever is asked first computes what it finds
and the other takes it from the pictures.
"""

import hashlib
import threading

import torch
from torch import Tensor, nn

from detectors.models.detection_quality.networks import (
    MAP_CHANNELS,
    SHALLOW_BLOCKS,
    SHALLOW_STATISTICS,
    STRIDE,
    deep_statistics,
    shallow_features,
)
from detectors.models.pictures import Pictures
from detectors.models.runtime import FeatureExtractor
from detectors.models.saliency_iqa.network import normalise_imagenet


class SharedTrunk:
    """The blocks as they run, in two parts; `share_trunk` gives the same object for equal tensors and precision."""

    def __init__(self, key: str, blocks: nn.Sequential, precision: torch.dtype) -> None:
        self._key = key
        self._shallow = FeatureExtractor(shallow_features, blocks[:SHALLOW_BLOCKS], precision)
        self._deep = FeatureExtractor(deep_statistics, blocks[SHALLOW_BLOCKS:], precision, channels=MAP_CHANNELS)

    def maps(self, pictures: Pictures, resized: Tensor) -> Tensor:
        """Maps (N, 32, h, w) at stride 8 of `resized` (N, 3, H, W) in [0, 1], what the network sees of `pictures`."""
        return self._maps(self._flat(pictures, resized), resized)

    def statistics(self, pictures: Pictures, resized: Tensor) -> Tensor:
        """Mean and deviation (N, 464) of the maps at five depths, as `networks.statistics`."""

        def find() -> Tensor:
            flat = self._flat(pictures, resized)
            return torch.cat([flat[:, :SHALLOW_STATISTICS], self._deep(self._maps(flat, resized))], dim=1)

        return pictures.derive(f"trunk statistics {self._key}", find)

    def _flat(self, pictures: Pictures, resized: Tensor) -> Tensor:
        return pictures.derive(f"trunk maps {self._key}", lambda: self._shallow(normalise_imagenet(resized)))

    def _maps(self, flat: Tensor, resized: Tensor) -> Tensor:
        height, width = (-(-side // STRIDE) for side in resized.shape[-2:])
        return flat[:, SHALLOW_STATISTICS:].reshape(len(flat), MAP_CHANNELS, height, width)


_trunks: dict[str, SharedTrunk] = {}
_lock = threading.Lock()


def share_trunk(blocks: nn.Module, precision: torch.dtype) -> SharedTrunk:
    """The trunk that runs `blocks`, their batch norms fused already, in `precision`: one for all with these tensors."""
    assert isinstance(blocks, nn.Sequential)
    digest = hashlib.sha256(str(precision).encode())
    for name, tensor in blocks.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().float().numpy().tobytes())
    key = digest.hexdigest()[:16]
    with _lock:
        if key not in _trunks:
            _trunks[key] = SharedTrunk(key, blocks, precision)
        return _trunks[key]
