"""The lock files hold every package that an install takes, one version of each, with the hashes of its files."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.lock import FROM_TORCH, split_entries
from deploy.project import read_project
from deploy.requirements import declared_requirements, required_packages

ROOT = Path(__file__).parents[3]
PROJECT = read_project()
NAMES = ("setup", "dev", "base", "image", "torch", "pyav", "pyav-build", "docs")


def lock(name: str) -> dict[str, str]:
    """Return the entries of one lock file."""
    return split_entries((ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8"))


def pinned_version(entry: str) -> str:
    """Return the version that an entry pins."""
    return re.split(r"[ ;\\]", entry.partition("==")[2].strip())[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_pins_one_version_and_has_hashes(name: str) -> None:
    entries = lock(name)

    assert entries
    for package, entry in entries.items():
        assert re.fullmatch(r"[a-z0-9_.-]+==[\w.]+( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n)?)+", entry), (
            package
        )


@pytest.mark.parametrize("name", NAMES)
def test_no_lock_names_a_server(name: str) -> None:
    text = (ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8")

    assert "://" not in text
    assert not re.search(r"^(--|-i |-f |-e )", text, re.MULTILINE)


def test_the_locks_hold_the_versions_of_the_constraints_and_nothing_else() -> None:
    constraints = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line
    )
    locked: dict[str, str] = {}
    for name in NAMES:
        for package, entry in lock(name).items():
            assert locked.setdefault(package, pinned_version(entry)) == pinned_version(entry)

    assert {canonicalize_name(name): number for name, number in constraints.items()} == {
        canonicalize_name(name): number for name, number in locked.items()
    }


def test_setup_installs_everything_that_the_tests_and_the_program_need() -> None:
    locked = {str(canonicalize_name(name)): pinned_version(entry) for name, entry in lock("dev").items()}
    needed = required_packages(declared_requirements("models", "cluster", "lab", "dev"))

    assert needed - set(locked) == set()
    assert {name: version(name).partition("+")[0] for name in needed} == {name: locked[name] for name in needed}


def test_the_image_gets_everything_that_the_program_needs() -> None:
    image, torch = lock("image"), lock("torch")
    locked = {canonicalize_name(name) for name in (*image, *torch)}

    assert required_packages(declared_requirements("models", "cluster")) - locked == set()
    assert set(image) & set(torch) == set()
    assert not [name for name in image if FROM_TORCH.match(name)]


def test_what_builds_the_package_is_locked() -> None:
    build = {Requirement(line).name for line in PROJECT["build-system"]["requires"]}

    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]
    assert build <= set(lock("dev"))
    assert build <= set(lock("image")) | set(lock("torch"))


def test_setup_and_the_image_install_by_hash_alone() -> None:
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    script = (ROOT / "deploy" / "install-packages").read_text(encoding="utf-8")
    installs = re.findall(r"^\t@?\$\(BIN\)/.*pip install.*$", make, re.MULTILINE)

    setup = (ROOT / "deploy" / "install-dev").read_text(encoding="utf-8")
    by_setup = re.findall(r"^ *\$install .*$", setup, re.MULTILINE)

    assert len(installs) == 3
    assert all(
        "--require-hashes -r locks/" in line or "--no-deps --no-build-isolation -e . -e ./lab" in line
        for line in installs
    )
    assert len(by_setup) == 4
    assert [line for line in by_setup if "--require-hashes" not in line] == [
        line for line in by_setup if "+cpu" in line
    ], "only PyTorch for the CPU, where its hashes are not known, is pinned alone"
    assert setup.count("--index-url") == setup.count('--index-url "$index/cpu"'), "only PyTorch has its own index"
    assert len(re.findall(r"--require-hashes", script)) == 4
    assert script.count("--index-url") == script.count('--index-url "$index/$torch"'), "only PyTorch has its own index"


def test_a_package_that_is_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="numpy is there twice"):
        split_entries("numpy==1 \\\n    --hash=sha256:00\nnumpy==2 \\\n    --hash=sha256:01\n")
