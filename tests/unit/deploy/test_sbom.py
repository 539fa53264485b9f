"""The bill of materials has what CycloneDX asks for, names everything, and notices what the locks do not hold."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy import sbom
from deploy.inventory import Package, native_libraries, python_packages
from deploy.requirements import declared_requirements, required_packages

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return the bill of this installation."""
    return sbom.bill_of_materials(sbom.components_of(None, ROOT / "weights", None), AT)


def test_it_has_the_members_that_the_format_requires(document: dict[str, Any]) -> None:
    assert document["bomFormat"] == "CycloneDX"
    assert document["specVersion"] == "1.6"
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"])
    assert document["version"] == 1
    assert document["metadata"]["timestamp"] == "2026-01-02T03:04:05Z"
    assert document["metadata"]["component"]["name"] == "sightline"
    kinds = {"application", "library", "machine-learning-model"}
    for each in document["components"]:
        assert each["type"] in kinds
        assert each["name"]
        for licence in each["licenses"]:
            assert set(licence) in ({"expression"}, {"license"})
    references = [each["bom-ref"] for each in document["components"]]
    assert len(references) == len(set(references))


def test_it_names_every_package_library_and_weight_file(document: dict[str, Any]) -> None:
    urls = {each.get("purl") for each in document["components"]}
    installed = {each.name: each.version for each in python_packages()}
    for name in required_packages(declared_requirements("models", "cluster")):
        assert f"pkg:pypi/{name}@{installed[name]}".replace("+", "%2B") in urls
    carried = {(each.get("group"), each["name"]) for each in document["components"]}
    assert {(each.wheel, each.file) for each in native_libraries()} <= carried
    for each in document["components"]:
        if each["type"] == "machine-learning-model":
            content = (ROOT / "weights" / f"{each['name']}.safetensors").read_bytes()
            assert each["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]


def test_the_same_installation_has_the_same_serial_number(document: dict[str, Any]) -> None:
    again = sbom.bill_of_materials(sbom.components_of(None, ROOT / "weights", None), datetime.now(UTC))

    assert again["serialNumber"] == document["serialNumber"]


def make_image(root: Path, *packages: tuple[str, str]) -> None:
    """Lay out the files of an image with these Python packages and one Debian package."""
    site = root / "opt/sightline/lib/python3.11/site-packages"
    for name, version in (("sightline", "0.1.0"), *packages):
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense: MIT\n")
    (site / "weights").mkdir()
    (site / "weights" / "manifest.json").write_text("{}")
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(
        "Package: dash\nStatus: install ok installed\nVersion: 0.5.12-2\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
    )
    (root / "usr/share/doc/dash").mkdir(parents=True)
    (root / "usr/share/doc/dash/copyright").write_text("Files: *\nLicense: BSD-3-Clause\n\nLicense: GPL-2+\n")


def run(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the command on an image, with the standard library alone."""
    command = [sys.executable, "-S", "-m", "deploy.sbom", "--root", str(root)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_image_is_described_with_the_standard_library_alone(tmp_path: Path) -> None:
    locked = sbom.locked_versions()
    make_image(tmp_path, ("numpy", locked["numpy"]), ("torch", f"{locked['torch']}+cpu"), ("nvidia-other", "1.0"))

    done = run(tmp_path)

    assert done.returncode == 0, done.stderr
    components = {each["bom-ref"]: each for each in json.loads(done.stdout)["components"]}
    assert f"pkg:pypi/torch@{locked['torch']}%2Bcpu" in components
    assert components["pkg:deb/debian/dash@0.5.12-2"]["licenses"] == [{"license": {"name": "BSD-3-Clause, GPL-2+"}}]
    assert not [reference for reference in components if "gone" in reference]


@pytest.mark.parametrize(("name", "version"), [("numpy", "0.1"), ("left-pad", "1.0")])
def test_what_the_locks_do_not_hold_is_an_error(tmp_path: Path, name: str, version: str) -> None:
    make_image(tmp_path, (name, version))

    done = run(tmp_path)

    assert done.returncode == 1
    assert name in done.stderr


def test_pip_and_the_program_itself_are_in_no_lock() -> None:
    assert sbom.find_unlocked([Package("pip", "23", "MIT"), Package("sightline", "0.1.0", "Apache-2.0")], {}) == []
