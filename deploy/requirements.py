"""What the two pyproject.toml ask for, and everything that this brings on this machine, by the installed metadata."""

from collections.abc import Iterable
from importlib.metadata import requires

from packaging.requirements import Requirement

from deploy.inventory import normalise_name
from deploy.project import declared_lines


def declared_requirements(*extras: str) -> list[Requirement]:
    """Return the product's own dependencies, with those of its extras and of the laboratory (`lab`)."""
    return [Requirement(line) for line in declared_lines(*extras)]


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
