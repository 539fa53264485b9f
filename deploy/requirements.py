"""What pyproject.toml asks for, and everything that this brings on this machine, by the installed metadata."""

import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from deploy.inventory import normalise_name

ROOT = Path(__file__).resolve().parents[1]


def read_project() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def declared_requirements(*extras: str) -> list[Requirement]:
    """Return the project's own dependencies, with those of the extras."""
    table = read_project()["project"]
    lines = [*table["dependencies"], *(line for extra in extras for line in table["optional-dependencies"][extra])]
    return [Requirement(line) for line in lines if not line.startswith("sightline")]


def required_packages(requirements: Iterable[Requirement]) -> set[str]:
    """Return the normal names of the requirements and of everything they bring on this machine.

    Raises PackageNotFoundError where one of them is not installed.
    """
    waiting = list(requirements)
    seen: set[tuple[str, str]] = set()
    while waiting:
        each = waiting.pop()
        for extra in {"", *each.extras} - {extra for name, extra in seen if name == normalise_name(each.name)}:
            seen.add((normalise_name(each.name), extra))
            waiting += [needed for needed in _dependencies_of(each.name) if _applies(needed, extra)]
    return {name for name, _ in seen}


def _dependencies_of(name: str) -> list[Requirement]:
    return [Requirement(text) for text in requires(name) or []]


def _applies(needed: Requirement, extra: str) -> bool:
    return needed.marker is None or needed.marker.evaluate({"extra": extra})
