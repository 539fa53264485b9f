"""Which installation extra brings a package that is not there, and how a person gets it.

A test compares the table with pyproject.toml and lab/pyproject.toml.
"""

from collections.abc import Mapping
from types import MappingProxyType

MODULES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "models": frozenset({"openvino", "safetensors", "scipy", "skimage", "timm", "torch", "torchvision"}),
        "cluster": frozenset({"crc32c", "kafka", "psycopg2", "redis", "zstandard"}),
        "lab": frozenset({"h5py", "lab", "matplotlib", "onnxruntime", "openpyxl", "tflite"}),
    }
)
"""The modules that each extra brings."""
_REQUIREMENTS: Mapping[str, str] = MappingProxyType(
    {"models": "sightline[models]", "cluster": "sightline[cluster]", "lab": "sightline-lab"}
)


def find_missing_extra(error: ModuleNotFoundError) -> str:
    """Return the extra that brings the missing module, "" where none does: then it is a mistake of ours."""
    package = (error.name or "").partition(".")[0]
    return next((extra for extra, modules in MODULES.items() if package in modules), "")


def describe_missing_package(error: ModuleNotFoundError, *, wanted: str = "this command") -> str:
    """Say in one sentence what is missing and which extra brings it."""
    install = _REQUIREMENTS.get(find_missing_extra(error), "sightline")
    return f"{wanted} needs the package {error.name}, which is not installed here: pip install '{install}'"
