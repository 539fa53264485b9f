"""What an installation is made of: Python packages, the native libraries in their wheels, Debian packages, weights.

It reads a folder of packages and the root of a file system, and runs on the standard library alone, also in the image.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import cast

from deploy.native_licences import NATIVE

UNKNOWN = "unknown"
_LIBRARY = re.compile(r"\.so(\.|$)")
_EXTENSION_MODULE = re.compile(r"cpython-\d|\.abi3\.|_stable\.so$")

_BY_CLASSIFIER = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later WITH openssl-exception",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_BY_FIELD = {
    "2-clause BSD": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "LGPL with exceptions": "LGPL-3.0-or-later WITH openssl-exception",
    "MIT License": "MIT",
    "NVIDIA Proprietary Software": "LicenseRef-NVIDIA-Proprietary",
    "OSI Approved :: Apache Software License": "Apache-2.0",
}
_BY_NAME = {"cuda-toolkit": "LicenseRef-NVIDIA-Proprietary"}
"""Packages whose metadata say nothing: cuda-toolkit is empty and only names NVIDIA's packages."""
_IDENTIFIER = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")


@dataclass(frozen=True, slots=True)
class Package:
    """A Python or Debian package as it is installed."""

    name: str
    version: str
    licence: str
    """An SPDX expression where one is known; for Debian the names that its copyright file uses."""


@dataclass(frozen=True, slots=True)
class Library:
    """A native library inside a wheel."""

    wheel: str
    """The Python package that carries it."""
    file: str
    component: str
    licence: str


def normalise_name(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(name: str, metadata: Message) -> str:
    """Return the licence that a package's metadata state, as an SPDX expression, or `unknown`."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    field = " ".join(str(metadata.get("License") or "").split())
    if field in _BY_FIELD:
        return _BY_FIELD[field]
    if _IDENTIFIER.fullmatch(field):
        return field
    for classifier in metadata.get_all("Classifier", []):
        last = classifier.rpartition(" :: ")[2]
        if classifier.startswith("License ::") and last in _BY_CLASSIFIER:
            return _BY_CLASSIFIER[last]
    return _BY_NAME.get(normalise_name(name), UNKNOWN)


def python_packages(folders: Sequence[str] | None = None) -> list[Package]:
    """Return the Python packages in the folders (or where this Python looks), sorted by name, each once."""
    found: dict[str, Package] = {}
    for each in _distributions(folders):
        name = str(each.metadata["Name"])
        licence = licence_of(name, cast(Message, each.metadata))
        found.setdefault(normalise_name(name), Package(normalise_name(name), each.version, licence))
    return [found[name] for name in sorted(found)]


def native_libraries(folders: Sequence[str] | None = None) -> list[Library]:
    """Return the native libraries that come inside wheels, without the packages' own extension modules."""
    found = set[Library]()
    for each in _distributions(folders):
        wheel = normalise_name(str(each.metadata["Name"]))
        for path in each.files or []:
            if _LIBRARY.search(path.name) and not _EXTENSION_MODULE.search(path.name):
                component, licence = native_licence(wheel, library_stem(path.name))
                found.add(Library(wheel, path.name, component, licence))
    return sorted(found, key=lambda library: (library.wheel, library.file))


def library_stem(file: str) -> str:
    """Return a library's name without `lib`, versions and what wheels add: `x264` of `libx264-d6533a8d.so.165`."""
    stem = file.partition(".so")[0].removeprefix("lib")
    stem = re.sub(r"([.-][0-9a-f]{8})+$|_?-[0-9a-f]{8}$", "", stem)
    return re.sub(r"-r0-[0-9a-f]{8}-.*$|-r0.*$|-0352e75f$", "", stem).rstrip("_-")


def native_licence(wheel: str, stem: str) -> tuple[str, str]:
    """Return (component, SPDX expression) of a library; the component is its own stem where nothing is known."""
    for pattern, component, licence in NATIVE:
        if re.fullmatch(pattern, f"{wheel}/{stem}"):
            return component, licence
    return stem, UNKNOWN


def debian_packages(root: Path) -> list[Package]:
    """Return the Debian packages that are installed under `root`, none where it is not Debian."""
    status = root / "var/lib/dpkg/status"
    if not status.is_file():
        return []
    found = []
    for entry in status.read_text(encoding="utf-8").split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|Status): (.*)$", entry, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            licence = _debian_licence(root / "usr/share/doc" / fields["Package"] / "copyright")
            found.append(Package(fields["Package"], fields["Version"], licence))
    return sorted(found, key=lambda package: package.name)


def weight_files(folder: Path) -> list[tuple[str, str, str]]:
    """Return (model, SHA-256, licence) of each weights file that is in `folder`, by its manifest."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return [
        (name, entry["sha256"], entry["licence"])
        for name, entry in sorted(manifest.items())
        if (folder / entry["file"]).is_file()
    ]


def _debian_licence(copyright_file: Path) -> str:
    if not copyright_file.is_file():
        return UNKNOWN
    text = copyright_file.read_text(encoding="utf-8", errors="replace")
    names = set(re.findall(r"^License: *([A-Za-z0-9][\w.+-]*)", text, re.MULTILINE))
    names |= set() if names else set(re.findall(r"/usr/share/common-licenses/([A-Z][\w.+-]*[\w+])", text))
    return ", ".join(sorted(names)) or "see its copyright file"


def _distributions(folders: Sequence[str] | None) -> Iterator[Distribution]:
    yield from distributions() if folders is None else distributions(path=list(folders))
