"""Where MTCNN's weights come from: a path, the installed facenet-pytorch package, or its wheel, pulled and converted.

The weights are those of facenet-pytorch 2.5.3 (MIT). Only its three `.pt` files are read, after their SHA-256 has been
checked and without running anything in them; the package itself is never imported. Whatever holds them, the same
tensors have the same digest, which names them beside every score.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from detectors.models.mtcnn.cascade import SMALLEST_FACE_PX, Mtcnn
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

MODEL = "mtcnn"
LICENCE = "MIT"
FILES: Mapping[str, str] = {
    "pnet.pt": "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
    "rnet.pt": "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
    "onet.pt": "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
}
"""SHA-256 of the three files, 28,570, 403,147 and 1,559,269 bytes."""
DIGEST = "4ece0bff42a57c00bba1d4015d1b87692592603e4ddca805707b57bfee4fe1b2"
"""`tensors_digest` of those weights."""
PACKAGE, FOLDER_IN_WHEEL = "facenet-pytorch", "facenet_pytorch/data"
WHEEL_URL = (
    "https://files.pythonhosted.org/packages/40/c1/0a15058f478c8f0f29cacb6e35530b97ead780be99737e62810e71dc477e/"
    "facenet_pytorch-2.5.3-py3-none-any.whl"
)
WHEEL_SHA256 = "b8002c3ee7a3af471c433cbda1fdcab9ae2d46a4aac43435ba08259c45ffc884"
WHEEL_LIMIT_BYTES = 4 * 2**20
CONVERTED = "mtcnn.safetensors"
_HEADS = {
    "pnet": {"conv4_1": "face", "conv4_2": "box"},
    "rnet": {"dense5_1": "face", "dense5_2": "box"},
    "onet": {"dense6_1": "face", "dense6_2": "box", "dense6_3": "points"},
}


def load_mtcnn(
    explicit: Path | None = None, downloads: Path | None = None, *, smallest_face_px: float = SMALLEST_FACE_PX
) -> Mtcnn:
    """MTCNN in evaluation mode with the weights `locate_weights` finds; raises WeightsUnavailable without."""
    return from_weights(locate_weights(explicit=explicit, downloads=downloads), smallest_face_px=smallest_face_px)


def from_weights(file: WeightsFile, *, smallest_face_px: float = SMALLEST_FACE_PX) -> Mtcnn:
    """MTCNN in evaluation mode with weights found before."""
    network = Mtcnn(smallest_face_px)
    load_into(network, read_tensors(file.path), file.path)
    network.search_key = f"{file.fingerprint} {smallest_face_px:g}"
    return network.eval()


def locate_weights(*, explicit: Path | None = None, downloads: Path | None = None) -> WeightsFile:
    """The weights: `explicit` alone where given, else the installed package's, else those pulled into `downloads`.

    `explicit` is a folder with the three `.pt` files, the wheel, or a safetensors file, which may hold other weights
    of the same network. Raises WeightsUnavailable where there is none, or what is there is not what it should be.
    """
    if explicit is not None:
        return _explicit_file(explicit)
    tried: list[Path] = []
    for path, origin in _places(downloads):
        tried.append(path)
        if path.exists():
            return WeightsFile(MODEL, path, _check_tensors_digest(read_tensors(path), path), origin, tuple(tried))
    looked = ", ".join(str(path) for path in tried) or f"the package {PACKAGE}, which is not installed"
    raise WeightsAbsent(
        f"{MODEL} is off: no weights at {looked}; install {PACKAGE}==2.5.3, fetch them with `sightline models pull "
        f"{MODEL}`, or give the path of the wheel",
        tried,
    )


def pull_weights(
    downloads: Path,
    *,
    url: str = WHEEL_URL,
    wheel_sha256: str = WHEEL_SHA256,
    trusted_origins: Collection[str] = TRUSTED_ORIGINS,
) -> WeightsFile:
    """Download the wheel, check it, keep its weights as safetensors in `downloads`, and drop the wheel."""
    downloads.mkdir(parents=True, exist_ok=True)
    target = downloads / CONVERTED
    with tempfile.TemporaryDirectory(dir=downloads) as scratch:
        wheel = download_file(
            url,
            Path(scratch) / "wheel.whl",
            wheel_sha256,
            trusted_origins=trusted_origins,
            size_limit_bytes=WHEEL_LIMIT_BYTES,
        )
        save_safetensors(read_tensors(wheel), Path(scratch) / CONVERTED).replace(target)
    return WeightsFile(
        MODEL, target, _check_tensors_digest(read_tensors(target), target), WeightsOrigin.DOWNLOADED, (target,)
    )


def save_safetensors(weights: Mapping[str, Tensor], target: Path) -> Path:
    """Save tensors as one safetensors file."""
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, target, metadata={"licence": LICENCE})
    return target


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The weights under our names, from a folder of `.pt` files, a wheel, or a safetensors file."""
    if path.is_dir():
        return _read_folder(path)
    if path.suffix == ".whl":
        return _from_wheel(path)
    return read_weights(path)[0]


def tensors_digest(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and values in order of name: the same whatever file holds them."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        tensor = weights[name].contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _explicit_file(path: Path) -> WeightsFile:
    if not path.exists():
        raise WeightsUnavailable(f"{MODEL} is off: nothing at {path}; correct the path, or leave it out")
    return WeightsFile(MODEL, path, tensors_digest(read_tensors(path)), WeightsOrigin.EXPLICIT, (path,))


def _places(downloads: Path | None) -> list[tuple[Path, WeightsOrigin]]:
    places = []
    with suppress(PackageNotFoundError):
        places.append((Path(str(distribution(PACKAGE).locate_file(FOLDER_IN_WHEEL))), WeightsOrigin.INSTALLED))
    if downloads is not None:
        places.append((downloads / CONVERTED, WeightsOrigin.DOWNLOADED))
    return places


def _check_tensors_digest(weights: Mapping[str, Tensor], path: Path) -> str:
    digest = tensors_digest(weights)
    if digest != DIGEST:
        raise WeightsUnavailable(f"{path} holds other weights than those known for {MODEL}: fetch it again")
    return digest


def _from_wheel(path: Path) -> dict[str, Tensor]:
    """The wheel's three files, each unpacked by its exact name and size limit, then read."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with zipfile.ZipFile(path) as wheel:
                for name in FILES:
                    entry = wheel.getinfo(f"{FOLDER_IN_WHEEL}/{name}")
                    if entry.file_size > WHEEL_LIMIT_BYTES:
                        raise WeightsUnavailable(f"{path}: {name} is larger than expected: fetch the wheel again")
                    (Path(scratch) / name).write_bytes(wheel.read(entry))
        except (zipfile.BadZipFile, KeyError, OSError) as error:
            raise WeightsUnavailable(f"{path} is not the wheel of {PACKAGE} 2.5.3: {error}") from error
        return _read_folder(Path(scratch))


def _read_folder(folder: Path) -> dict[str, Tensor]:
    """The three files' tensors under our names, each file checked before it is read."""
    found: dict[str, Tensor] = {}
    for name, expected in FILES.items():
        path = folder / name
        if not path.is_file():
            raise WeightsUnavailable(f"{MODEL} is off: no file at {path}; the wheel of {PACKAGE} 2.5.3 has it")
        if sha256(path) != expected:
            raise WeightsUnavailable(f"{path} differs from the file of {PACKAGE} 2.5.3: fetch it again")
        part = path.stem
        for key, tensor in torch.load(path, weights_only=True, map_location="cpu").items():
            layer, kind = key.split(".")
            found[f"{part}.{_HEADS[part].get(layer, f'trunk.{layer}')}.{kind}"] = tensor
    return found
