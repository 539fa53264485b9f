"""Print a software bill of materials (CycloneDX 1.6, JSON) of this installation or of an image.

    python -m deploy.sbom                   (this installation; or: make sbom)
    python -m deploy.sbom --root ROOT       (the image whose files are at ROOT; it must hold what the locks say)

It runs on the standard library alone. Components are Python packages, the native libraries inside their wheels, the
bundled weights with their SHA-256, and Debian's packages.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from deploy.inventory import (
    UNKNOWN,
    Library,
    Package,
    debian_packages,
    native_libraries,
    normalise_name,
    python_packages,
    weight_files,
)
from deploy.lock import FROM_TORCH, split_entries

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = "opt/sightline/lib/python3.*/site-packages"
NOT_LOCKED = {"sightline", "pip"}
"""pip comes with the virtual environment and installs the rest."""
Component: TypeAlias = dict[str, Any]


def licence_entry(licence: str) -> list[dict[str, Any]]:
    """Return a licence as CycloneDX has it: an SPDX expression, or a name where it is none."""
    if licence == UNKNOWN:
        return []
    named = "," in licence or " copyright file" in licence
    return [{"license": {"name": licence}}] if named else [{"expression": licence}]


def package_component(package: Package, kind: str) -> Component:
    """Return a Python (`pypi`) or Debian (`deb/debian`) package; its package URL is its reference."""
    url = f"pkg:{kind}/{package.name}@{quote(package.version, safe='')}"
    return {
        "type": "application" if package.name == "sightline" else "library",
        "bom-ref": url,
        "name": package.name,
        "version": package.version,
        "purl": url,
        "licenses": licence_entry(package.licence),
    }


def library_component(library: Library) -> Component:
    """Return a native library; the wheel that carries it is its group, since its own version is not distinguished."""
    return {
        "type": "library",
        "bom-ref": f"wheel:{library.wheel}/{library.file}",
        "group": library.wheel,
        "name": library.file,
        "description": f"{library.component}, inside the wheel of {library.wheel}",
        "licenses": licence_entry(library.licence),
    }


def weight_component(name: str, digest: str, licence: str) -> Component:
    """Return a model's bundled weights."""
    return {
        "type": "machine-learning-model",
        "bom-ref": f"weights:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": licence_entry(licence),
    }


def bill_of_materials(components: Sequence[Component], at: datetime) -> dict[str, Any]:
    """Return the whole document. The same components have the same serial number."""
    own = next(each for each in components if each["name"] == "sightline")
    others = [each for each in components if each is not own]
    digest = hashlib.sha256(json.dumps(components, sort_keys=True).encode()).hexdigest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
        "metadata": {"timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": own},
        "components": sorted(others, key=lambda each: str(each["bom-ref"])),
    }


def components_of(folders: Sequence[str] | None, weights: Path, root: Path | None) -> list[Component]:
    """Return the components of an installation in these folders of packages, with Debian's below `root`."""
    found = [package_component(each, "pypi") for each in python_packages(folders)]
    found += [library_component(each) for each in native_libraries(folders)]
    found += [weight_component(*each) for each in weight_files(weights)]
    found += [package_component(each, "deb/debian") for each in (debian_packages(root) if root else [])]
    return found


def locked_versions() -> dict[str, str]:
    """Return the version of each package that the image may hold, by normal name."""
    text = "".join((ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8") for name in ("image", "torch"))
    lines = (entry.splitlines()[0].partition("==") for entry in split_entries(text).values())
    return {normalise_name(name): re.split(r"[ ;\\]", version)[0] for name, _, version in lines}


def find_unlocked(packages: Sequence[Package], locked: Mapping[str, str]) -> list[str]:
    """Return what an image holds besides the locks or in another version, as sentences.

    PyTorch's variants carry their name after a plus sign, and what they bring for their kind of GPU is their own.
    """
    wrong = []
    for each in packages:
        if each.name in NOT_LOCKED:
            continue
        expected = locked.get(each.name)
        if expected is None and not FROM_TORCH.match(each.name):
            wrong.append(f"{each.name} {each.version} is in no lock")
        elif expected is not None and each.version.partition("+")[0] != expected:
            wrong.append(f"{each.name} is {each.version} and the lock says {expected}")
    return wrong


def main(arguments: Sequence[str]) -> int:
    """Print the document; return 1 where an image holds what the locks do not."""
    parser = argparse.ArgumentParser(description="Print a bill of materials (CycloneDX, JSON).")
    parser.add_argument("--root", type=Path, help="the files of an image; without it this installation")
    root = parser.parse_args(arguments).root
    folders = None if root is None else [str(each) for each in root.glob(PACKAGES)]
    weights = ROOT / "weights" if folders is None else Path(folders[0]) / "weights"
    at = datetime.fromtimestamp(float(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)
    print(json.dumps(bill_of_materials(components_of(folders, weights, root), at), indent=1))  # noqa: T201
    wrong = [] if root is None else find_unlocked(python_packages(folders), locked_versions())
    for each in wrong:
        print(each, file=sys.stderr)  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
