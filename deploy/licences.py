"""Write docs/licences.md: under which licence everything is that an image passes on.

    make licences
    python -m deploy.licences --root ROOT       (with the Debian packages of the image whose files are at ROOT)

Packages and native libraries are those installed here, weights those of the manifest. Debian's packages are kept as
they were recorded last, unless `--root` is given. A test fails where the file is not what this would write.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from deploy.inventory import Library, Package, debian_packages, native_libraries, python_packages, weight_files
from deploy.lock import FROM_TORCH
from deploy.project import LAB, ROOT
from deploy.requirements import declared_requirements, required_packages

DOCUMENT = ROOT / "docs" / "licences.md"
PROSE = ROOT / "deploy" / "licences-head.md"
DEBIAN = "## Debian packages of the base image"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def find_origins() -> dict[str, str]:
    """Return, by package, the first of program, models, cluster, laboratory, development that brings it."""
    found: dict[str, str] = {}
    for name, extras in (
        ("program", ()),
        ("models", ("models",)),
        ("cluster", ("cluster",)),
        ("laboratory", ("models", "cluster", LAB)),
        ("development", ("models", "cluster", LAB, "dev")),
    ):
        for package in required_packages(declared_requirements(*extras)):
            on_gpu = FROM_TORCH.match(package) and package not in ("torch", "torchvision")
            found.setdefault(package, "PyTorch for NVIDIA GPUs" if on_gpu else name)
    return found


def python_section(packages: Sequence[Package], groups: dict[str, str]) -> str:
    """Return the section about Python packages."""
    rows = [(each.name, each.licence, groups[each.name]) for each in packages if each.name in groups]
    return "## Python packages\n\n" + table(("package", "licence", "comes with"), rows)


def native_section(libraries: Sequence[Library], groups: dict[str, str]) -> str:
    """Return the section about native libraries, one row for each component of a wheel."""
    rows = []
    known = [each for each in libraries if each.wheel in groups and not FROM_TORCH.match(each.wheel)]
    known += [each for each in libraries if each.wheel in ("torch", "torchvision")]

    def key(library: Library) -> tuple[str, str, str]:
        return library.wheel, library.component, library.licence

    for (wheel, component, licence), _ in groupby(sorted(known, key=key), key=key):
        rows.append((wheel, component, licence, groups[wheel]))
    return "## Native libraries inside wheels\n\n" + table(("wheel", "library", "licence", "comes with"), rows)


def weights_section() -> str:
    """Return the section about the bundled weights."""
    rows = [(f"`{name}`", licence) for name, _, licence in weight_files(ROOT / "weights")]
    return "## Bundled weights\n\n" + table(("model", "licence"), rows)


def debian_section(packages: Sequence[Package]) -> str:
    """Return the section about Debian's packages."""
    rows = [(each.name, each.licence) for each in packages]
    return f"{DEBIAN}\n\n" + table(("package", "licences in it, as its copyright file names them"), rows)


def render_document(debian: str) -> str:
    """Return the whole document; `debian` is its last section."""
    groups = find_origins()
    sections = [
        PROSE.read_text(encoding="utf-8").strip(),
        python_section(python_packages(), groups),
        native_section(native_libraries(), groups),
        weights_section(),
        debian.strip(),
    ]
    return "\n\n".join(sections) + "\n"


def read_debian_section() -> str:
    """Return the section about Debian's packages as it was written last."""
    _, _, section = DOCUMENT.read_text(encoding="utf-8").partition(DEBIAN)
    return f"{DEBIAN}{section}"


def main(arguments: Sequence[str]) -> None:
    """Write the document."""
    parser = argparse.ArgumentParser(description="Write docs/licences.md.")
    parser.add_argument("--root", type=Path, help="the files of an image, for Debian's packages")
    given = parser.parse_args(arguments)
    debian = debian_section(debian_packages(given.root)) if given.root else read_debian_section()
    DOCUMENT.write_text(render_document(debian), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
