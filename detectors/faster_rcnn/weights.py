"""Where Faster R-CNN's weights come from: a path, or torchvision's official file, downloaded and checked before.

Official `.pth` files are recognised by the SHA-256 that their names carry, whatever they are called, and read without
running anything in them. A safetensors file is taken by path where its notes name its `variant`.
"""

from collections.abc import Collection
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from detectors.faster_rcnn.variants import DEFAULT, VARIANTS, Variant, built
from detectors.weights import (
    TRUSTED_ORIGINS,
    Origin,
    WeightsAbsent,
    WeightsFile,
    WeightsUnavailable,
    fetched,
    filled,
    read,
    sha256,
)

MODEL = "faster_rcnn"
LICENCE = "BSD-3-Clause"
"""torchvision's; its COCO photographs have licences of their own."""


def located(*, explicit: Path | None = None, downloads: Path | None = None) -> WeightsFile:
    """The weights: `explicit` alone where given, else an official file in `downloads`, the default variant first.

    Raises WeightsUnavailable where there is none, or the file is not what it should be.
    """
    if explicit is not None:
        return _given(explicit)
    tried = [] if downloads is None else [downloads / variant.file for variant in VARIANTS.values()]
    for number, path in enumerate(tried):
        if path.is_file():
            digest = sha256(path)
            if official(digest) is None:
                raise WeightsUnavailable(f"{path} is not torchvision's file, its SHA-256 is {digest}: fetch it anew")
            return WeightsFile(MODEL, path, digest, Origin.DOWNLOADED, tuple(tried[: number + 1]))
    looked = f"none of {', '.join(path.name for path in tried)} in {downloads}" if tried else "no folder of downloads"
    raise WeightsAbsent(
        f"{MODEL} is off: no weights ({looked}); fetch them with `sightline models pull {MODEL}`, or download "
        f"{VARIANTS[DEFAULT].url} by hand and give its path",
        tried,
    )


def pulled(
    downloads: Path,
    *,
    variant: str = DEFAULT,
    url: str | None = None,
    trusted_origins: Collection[str] = TRUSTED_ORIGINS,
) -> WeightsFile:
    """Download a variant's official file into `downloads`; one that fails the check is not kept."""
    chosen = VARIANTS[variant]
    target = downloads / chosen.file
    fetched(url or chosen.url, target, chosen.sha256_prefix, trusted_origins=trusted_origins)
    return WeightsFile(MODEL, target, sha256(target), Origin.DOWNLOADED, (target,))


def from_weights(file: WeightsFile) -> tuple[Variant, nn.Module]:
    """The variant that a file is for, and its network in evaluation mode; raises WeightsUnavailable if they differ."""
    variant = official(file.sha256)
    if variant is not None:
        return variant, filled(built(variant), _unpickled(file.path), file.path)
    tensors, notes = read(file.path)
    try:
        variant = VARIANTS[notes.get("variant", "")]
    except KeyError as error:
        raise WeightsUnavailable(
            f"{file.path} names no known variant ({', '.join(VARIANTS)}); save it with the note `variant`"
        ) from error
    return variant, filled(built(variant), tensors, file.path)


def official(digest: str) -> Variant | None:
    """The variant whose official file has this SHA-256, by the eight digits that are published."""
    return next((variant for variant in VARIANTS.values() if digest.startswith(variant.sha256_prefix)), None)


def _given(path: Path) -> WeightsFile:
    if not path.is_file():
        raise WeightsAbsent(f"{MODEL} is off: no file at {path}; correct the path, or leave it out", [path])
    digest = sha256(path)
    if path.suffix != ".safetensors" and official(digest) is None:
        raise WeightsUnavailable(
            f"{path} is none of torchvision's official files, its SHA-256 is {digest}; other weights are read from "
            "safetensors only"
        )
    return WeightsFile(MODEL, path, digest, Origin.EXPLICIT, (path,))


def _unpickled(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    except (UnpicklingError, RuntimeError, EOFError) as error:
        raise WeightsUnavailable(f"{path} cannot be read as torchvision's weights: {error}") from error
    return tensors
