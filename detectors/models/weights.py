"""Where a model's weights come from: a path given by the operator, the bundled file, a file downloaded before.

Only safetensors are read, bundled and downloaded files must match the manifest's SHA-256, and a model without weights
is off: `WeightsUnavailable` says which files were looked for and what to do. Nothing here downloads unless
`pull_weights`
is called.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

import weights
from domain.errors import ConfigError

BUNDLED = Path(weights.__file__).parent
TRUSTED_ORIGINS = frozenset(
    {
        "https://github.com",
        "https://objects.githubusercontent.com",
        "https://release-assets.githubusercontent.com",
        "https://files.pythonhosted.org",
        "https://download.pytorch.org",
    }
)
SIZE_LIMIT_BYTES = 512 * 2**20
WEIGHTS_GROUP = "sightline.weights"
"""Entry points of this group name packages with weights files: NAME = "package"."""
_ADVICE_WITHOUT_URL = "install sightline-lab, which carries it, or give its path"
PREFIX_DIGITS = 8
"""So many of a SHA-256's 64 digits are checked at least: some publishers give no more."""
REDIRECTS = 5
CHUNK_BYTES = 1 << 20


class WeightsUnavailable(ConfigError):
    """The model stays off: its text names the files looked for, or the fault found, and the next step."""


class WeightsAbsent(WeightsUnavailable):
    """There is no file at all at any of the places `tried`."""

    def __init__(self, text: str, tried: Sequence[Path] = ()) -> None:
        super().__init__(text)
        self.tried = tuple(tried)


class WeightsOrigin(StrEnum):
    EXPLICIT = "explicit"
    BUNDLED = "bundled"
    INSTALLED = "installed"
    """Part of another package, of which only the file is read."""
    DOWNLOADED = "downloaded"


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """What the manifest promises of one weights file; `url` is empty where it cannot be downloaded."""

    file: str
    sha256: str
    licence: str
    card: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file found, with its digest, where it came from, and every path that was tried up to it."""

    model: str
    path: Path
    sha256: str
    origin: WeightsOrigin
    tried: tuple[Path, ...]

    @property
    def fingerprint(self) -> str:
        """Short name of exactly these weights, stored with every score."""
        return f"{self.model}@{self.sha256[:12]}"


def read_manifest(folder: Path = BUNDLED) -> Mapping[str, ManifestEntry]:
    """The weights this version knows, by model name; empty where the folder has no manifest."""
    path = folder / "manifest.json"
    if not path.is_file():
        return {}
    try:
        raw: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        return {model: ManifestEntry(**entry) for model, entry in raw.items()}
    except (json.JSONDecodeError, TypeError, AttributeError) as error:
        raise WeightsUnavailable(f"{path} is not a manifest of weights: restore it from the release") from error


@cache
def find_installed_folders() -> tuple[Path, ...]:
    """Return the folders of weights that other distributions bring by entry point."""
    found = []
    for point in sorted(entry_points(group=WEIGHTS_GROUP)):
        try:
            spec = find_spec(point.value)
        except ModuleNotFoundError:
            continue
        found += [Path(each) for each in (spec.submodule_search_locations or [])] if spec is not None else []
    return tuple(found)


def locate_weights(
    model: str, *, explicit: Path | None = None, folder: Path = BUNDLED, downloads: Path | None = None
) -> WeightsFile:
    """The weights of `model`: `explicit` alone where given, else `folder`, else `downloads`.

    Beside the bundled folder are those of other installed distributions, such as sightline-lab.

    Raises WeightsUnavailable where there is none, or where a bundled or downloaded file differs from the manifest.
    """
    if explicit is not None:
        return _explicit_file(model, explicit)
    entry = read_manifest(folder).get(model)
    if entry is None:
        raise WeightsAbsent(
            f"{model} is off: {folder / 'manifest.json'} names no weights for it; give a path",
            [folder / "manifest.json"],
        )
    places = [(folder / entry.file, WeightsOrigin.BUNDLED)]
    if folder == BUNDLED:
        places += [(each / entry.file, WeightsOrigin.INSTALLED) for each in find_installed_folders()]
    if downloads is not None:
        places.append((downloads / entry.file, WeightsOrigin.DOWNLOADED))
    tried: list[Path] = []
    for path, origin in places:
        tried.append(path)
        if path.is_file():
            return WeightsFile(model, path, _check_digest(path, entry.sha256), origin, tuple(tried))
    looked = ", ".join(str(path) for path in tried)
    advice = "download it with `sightline models pull`, or give a path" if entry.url else _ADVICE_WITHOUT_URL
    raise WeightsAbsent(f"{model} is off: no weights at {looked}; {advice}", tried)


def pull_weights(
    model: str,
    downloads: Path,
    *,
    folder: Path = BUNDLED,
    trusted_origins: Collection[str] = TRUSTED_ORIGINS,
    size_limit_bytes: int = SIZE_LIMIT_BYTES,
) -> WeightsFile:
    """Download the weights of `model` into `downloads`; a file that fails a check is not kept.

    Every hop must be one of `trusted_origins` (scheme, host and port). Raises WeightsUnavailable otherwise, and where
    the answer is too large, has another SHA-256, or cannot be had.
    """
    entry = read_manifest(folder).get(model)
    if entry is None or not entry.url:
        raise WeightsUnavailable(f"{model} has no address to download from: give the path of a file")
    target = downloads / entry.file
    download_file(entry.url, target, entry.sha256, trusted_origins=trusted_origins, size_limit_bytes=size_limit_bytes)
    return WeightsFile(model, target, entry.sha256, WeightsOrigin.DOWNLOADED, (target,))


def download_file(
    url: str,
    target: Path,
    expected_sha256: str,
    *,
    trusted_origins: Collection[str] = TRUSTED_ORIGINS,
    size_limit_bytes: int = SIZE_LIMIT_BYTES,
) -> Path:
    """Download one file to `target`, which appears only when its SHA-256 starts as expected; see `pull_weights`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(descriptor)
    try:
        _download(url, Path(partial), trusted_origins, size_limit_bytes)
        _check_digest(Path(partial), expected_sha256)
        os.replace(partial, target)
    finally:
        Path(partial).unlink(missing_ok=True)
    return target


def read_weights(path: Path) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    """Tensors as stored and the file's own notes. Raises WeightsUnavailable for anything but safetensors."""
    try:
        with safe_open(path, framework="pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise WeightsUnavailable(f"{path} is not a safetensors file, the only kind read: {error}") from error


def load_into(network: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> nn.Module:
    """Put every tensor in its place, in the network's precision. Raises WeightsUnavailable unless all fit."""
    try:
        network.load_state_dict(dict(tensors), strict=True)
    except RuntimeError as error:
        raise WeightsUnavailable(f"{path} holds the weights of another network: {error}") from error
    return network


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _explicit_file(model: str, path: Path) -> WeightsFile:
    if not path.is_file():
        raise WeightsAbsent(f"{model} is off: no file at {path}; correct the path, or leave it out", [path])
    return WeightsFile(model, path, sha256(path), WeightsOrigin.EXPLICIT, (path,))


def _check_digest(path: Path, expected: str) -> str:
    digest = sha256(path)
    if len(expected) < PREFIX_DIGITS or not digest.startswith(expected):
        raise WeightsUnavailable(f"{path} has SHA-256 {digest}, the manifest says {expected}: fetch it again")
    return digest


def _download(url: str, target: Path, trusted_origins: Collection[str], size_limit_bytes: int) -> None:
    try:
        with httpx.Client(timeout=30, follow_redirects=False) as client:
            for _ in range(REDIRECTS):
                if _url_origin(url) not in trusted_origins:
                    raise WeightsUnavailable(
                        f"{_url_origin(url)} is not trusted for weights: download by hand, give the path"
                    )
                with client.stream("GET", url) as answer:
                    if answer.is_redirect:
                        url = str(answer.url.join(answer.headers["location"]))
                        continue
                    answer.raise_for_status()
                    _save_response(answer, target, size_limit_bytes)
                    return
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise WeightsUnavailable(f"could not download {url}: {error}; try again, or give the path") from error
    raise WeightsUnavailable(f"{url}: more than {REDIRECTS} redirects; download by hand and give the path")


def _save_response(answer: httpx.Response, target: Path, size_limit_bytes: int) -> None:
    written = 0
    with target.open("wb") as file:
        for chunk in answer.iter_bytes(CHUNK_BYTES):
            written += len(chunk)
            if written > size_limit_bytes:
                raise WeightsUnavailable(f"{answer.url} is larger than {size_limit_bytes} bytes: not what was expected")
            file.write(chunk)


def _url_origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
