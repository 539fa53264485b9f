"""What the two distributions ask for, as their pyproject.toml say it. Runs on the standard library alone."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LAB = "lab"
"""The distribution of the laboratory, named here as if it were an extra of the product."""


def read_project(folder: Path = ROOT) -> dict[str, Any]:
    """Return pyproject.toml of the product, or of the distribution in another folder."""
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def declared_lines(*extras: str) -> list[str]:
    """Return what the product asks for, and what its extras and the laboratory do, without these themselves."""
    table = read_project()["project"]
    lines = list(table["dependencies"])
    for extra in extras:
        lines += read_project(ROOT / LAB)["project"]["dependencies"] if extra == LAB else _extra_lines(table, extra)
    return [line for line in lines if not line.startswith("sightline")]


def _extra_lines(table: dict[str, Any], extra: str) -> list[str]:
    return list(table["optional-dependencies"][extra])
