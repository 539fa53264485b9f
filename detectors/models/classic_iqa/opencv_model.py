"""Reads the support vectors and matrices that OpenCV saves as YAML, with a safe loader and OpenCV's own tags."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from detectors.models.weights import WeightsUnavailable

LIMIT_BYTES = 16 * 2**20


def read_support_vectors(path: Path) -> tuple[Tensor, Tensor, float, float]:
    """Support vectors (V, F), their shares (V,), rho and the radial kernel's gamma of an EPS_SVR; float64."""
    model = _read_yaml(path)
    try:
        svm = model["opencv_ml_svm"]
        if svm["svmType"] != "EPS_SVR" or svm["kernel"]["type"] != "RBF":
            raise WeightsUnavailable(f"{path} holds another machine than a radial EPS_SVR: {svm['svmType']}")
        decision = svm["decision_functions"][0]
        vectors = torch.tensor(svm["support_vectors"], dtype=torch.float64)
        shares = torch.tensor(decision["alpha"], dtype=torch.float64)
        chosen = decision.get("index", list(range(len(vectors))))
        return vectors[chosen], shares, float(decision["rho"]), float(svm["kernel"]["gamma"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WeightsUnavailable(f"{path} is not a support vector machine saved by OpenCV: {error!r}") from error


def read_matrix(path: Path) -> Tensor:
    """The only matrix of a file, (rows, columns) float64."""
    found = _read_yaml(path)
    try:
        (entry,) = found.values()
        return torch.tensor(entry["data"], dtype=torch.float64).view(entry["rows"], entry["cols"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise WeightsUnavailable(f"{path} is not a matrix saved by OpenCV: {error!r}") from error


def read_numbers(notes: Mapping[str, str], names: Iterable[str]) -> list[float]:
    """The notes of these names as numbers; KeyError or ValueError where one is not there or is none."""
    return [float(notes[name]) for name in names]


def _read_yaml(path: Path) -> dict[str, Any]:
    """YAML as plain values; OpenCV's version line and type tags, which no reader of YAML 1.2 knows, are taken off."""
    if not path.is_file():
        raise WeightsUnavailable(f"no file at {path}; correct the path")
    if path.stat().st_size > LIMIT_BYTES:
        raise WeightsUnavailable(f"{path} is larger than {LIMIT_BYTES} bytes: not what was expected")
    text = re.sub(r"!!opencv-\w+", "", re.sub(r"\A%YAML[^\n]*\n", "", path.read_text(encoding="utf-8")))
    try:
        loaded = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise WeightsUnavailable(f"{path} is not YAML: {error}") from error
    return loaded if isinstance(loaded, dict) else {}
