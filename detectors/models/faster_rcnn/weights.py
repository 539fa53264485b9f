"""Where Faster R-CNN's weights come from: a path, torchvision's official file downloaded before, or the bundled one.

Official `.pth` files are recognised by the SHA-256 that their names carry, whatever they are called, and read without
running anything in them. A safetensors file is taken by path where its notes name its `variant`.
"""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from detectors.models.faster_rcnn.variants import (
    DEFAULT_VARIANT,
    OWN_VARIANT,
    VARIANTS,
    FasterRcnnVariant,
    build_network,
)
from detectors.models.weights import (
    TRUSTED_ORIGINS,
    WeightsAbsent,
    WeightsFile,
    WeightsOrigin,
    WeightsUnavailable,
    download_file,
    load_into,
    read_weights,
    sha256,
)
from detectors.models.weights import locate_weights as find_bundled

MODEL = "faster_rcnn"
_KNOWN = {**VARIANTS, OWN_VARIANT.name: OWN_VARIANT}
LICENCE = "BSD-3-Clause"
"""torchvision's; its COCO photographs have licences of their own."""


def locate_weights(*, explicit: Path | None = None, downloads: Path | None = None) -> WeightsFile:
    """The weights: `explicit` alone where given, else an official file in `downloads`, the default variant first, else
    the bundled ones: who pulled an official file wants it.

    Raises WeightsUnavailable where there is none, or the file is not what it should be.
    """
    if explicit is not None:
        return _explicit_file(explicit)
    tried = [] if downloads is None else [downloads / variant.file for variant in VARIANTS.values()]
    for number, path in enumerate(tried):
        if path.is_file():
            digest = sha256(path)
            if official_variant(digest) is None:
                raise WeightsUnavailable(f"{path} is not torchvision's file, its SHA-256 is {digest}: fetch it again")
            return WeightsFile(MODEL, path, digest, WeightsOrigin.DOWNLOADED, tuple(tried[: number + 1]))
    with suppress(WeightsAbsent):
        bundled = find_bundled(MODEL)
        return replace(bundled, tried=(*tried, *bundled.tried))
    looked = f"none of {', '.join(path.name for path in tried)} in {downloads}" if tried else "no folder of downloads"
    raise WeightsAbsent(
        f"{MODEL} is off: no weights ({looked}); fetch them with `sightline models pull {MODEL}`, or download "
        f"{VARIANTS[DEFAULT_VARIANT].url} by hand and give its path",
        tried,
    )


def pull_weights(
    downloads: Path,
    *,
    variant: str = DEFAULT_VARIANT,
    url: str | None = None,
    trusted_origins: Collection[str] = TRUSTED_ORIGINS,
) -> WeightsFile:
    """Download a variant's official file into `downloads`; one that fails the check is not kept."""
    chosen = VARIANTS[variant]
    target = downloads / chosen.file
    download_file(url or chosen.url, target, chosen.sha256_prefix, trusted_origins=trusted_origins)
    return WeightsFile(MODEL, target, sha256(target), WeightsOrigin.DOWNLOADED, (target,))


def from_weights(file: WeightsFile) -> tuple[FasterRcnnVariant, nn.Module]:
    """The variant that a file is for, and its network in evaluation mode; raises WeightsUnavailable if they differ."""
    variant = official_variant(file.sha256)
    if variant is not None:
        return variant, load_into(build_network(variant), _unpickle(file.path), file.path)
    tensors, notes = read_weights(file.path)
    try:
        variant = _KNOWN[notes.get("variant", "")]
    except KeyError as error:
        raise WeightsUnavailable(
            f"{file.path} names no known variant ({', '.join(_KNOWN)}); save it with the note `variant`"
        ) from error
    return variant, load_into(build_network(variant), tensors, file.path)


def official_variant(digest: str) -> FasterRcnnVariant | None:
    """The variant whose official file has this SHA-256, by the eight digits that are published."""
    return next((variant for variant in VARIANTS.values() if digest.startswith(variant.sha256_prefix)), None)


def _explicit_file(path: Path) -> WeightsFile:
    if not path.is_file():
        raise WeightsAbsent(f"{MODEL} is off: no file at {path}; correct the path, or leave it out", [path])
    digest = sha256(path)
    if path.suffix != ".safetensors" and official_variant(digest) is None:
        raise WeightsUnavailable(
            f"{path} is none of torchvision's official files, its SHA-256 is {digest}; other weights are read from "
            "safetensors only"
        )
    return WeightsFile(MODEL, path, digest, WeightsOrigin.EXPLICIT, (path,))


def _unpickle(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = torch.load(path, weights_only=True, map_location="cpu")
    except (UnpicklingError, RuntimeError, EOFError) as error:
        raise WeightsUnavailable(f"{path} cannot be read as torchvision's weights: {error}") from error
    return tensors
