"""What the Dockerfile takes is there, its wheel has every data file, and its scripts do what they say."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

import pytest

from deploy.project import read_project
from detectors.models.catalogue import MODELS
from detectors.models.weights import read_manifest

ROOT = Path(__file__).parents[3]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
SETUPTOOLS = read_project()["tool"]["setuptools"]
DATA = SETUPTOOLS["package-data"]["*"]
OF_THE_LABORATORY = {f"weights/{name}" for name in SETUPTOOLS["exclude-package-data"]["weights"]}


def list_copied_paths() -> list[str]:
    """Return every path of the project that the Dockerfile copies."""
    instructions = [line.split()[1:] for line in LINES if line.startswith("COPY ") and "--from=" not in line]
    return [path for words in instructions for path in words[:-1]]


def is_ignored(path: str) -> bool:
    """Return whether .dockerignore keeps a path out, by its last rule that fits the path or a folder of it."""
    out = False
    folders = [path, *(str(each) for each in Path(path).parents)]
    for rule in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = rule.removeprefix("!").removeprefix("**/")
        if rule and not rule.startswith("#") and any(fnmatch(each, pattern) for each in folders):
            out = not rule.startswith("!")
    return out


@pytest.mark.parametrize("path", list_copied_paths())
def test_what_the_image_copies_is_there(path: str) -> None:
    assert (ROOT / path).exists()
    assert not is_ignored(path)


def test_settings_databases_and_keys_never_reach_the_build() -> None:
    for path in (
        "sightline.yaml",
        "sightline.db",
        "sightline.db-wal",
        ".env",
        "secrets/gate",
        "deploy/ca.pem",
        "a.key",
    ):
        assert is_ignored(path), path


def list_project_files(folder: Path) -> list[str]:
    """Return the paths that belong to the project, not those that lie about."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return [path for path in listed.stdout.splitlines() if (folder / path).is_file()]


def test_the_wheel_holds_every_module_every_data_file_and_the_licence(tmp_path: Path) -> None:
    source = tmp_path / "source"
    paths = [
        path
        for path in list_project_files(ROOT)
        if any(path == each or path.startswith(f"{each}/") for each in list_copied_paths())
    ]
    for path in paths:
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, source / path)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
    ]

    subprocess.run([*build, str(source)], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("sightline-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (named,) = (name for name in held if name.endswith("/METADATA"))
        metadata = archive.read(named).decode()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "deploy", "lab"}
    wanted = {path for path in paths if path.split("/")[0] in packages}
    assert len(wanted) > 300
    modules = {path for path in wanted if path.endswith(".py")}
    files = {path for path in wanted - modules if any(fnmatch(Path(path).name, each) for each in DATA)}
    assert modules - held == set()
    assert files - held == OF_THE_LABORATORY
    assert not [name for name in held if name.startswith("lab/")]
    assert wanted - modules - files == set(), "name their kind in pyproject.toml, tool.setuptools.package-data"
    assert "License-Expression: Apache-2.0" in metadata
    assert {"LICENSE", "NOTICE"} <= {Path(name).name for name in held}


def test_the_product_carries_the_weights_of_the_models_that_judge_by_default() -> None:
    files = {name: f"weights/{entry.file}" for name, entry in read_manifest().items()}

    assert {file for name, file in files.items() if not MODELS[name].default} == OF_THE_LABORATORY


def test_the_laboratorys_wheel_holds_its_modules_its_commands_and_the_other_weights(tmp_path: Path) -> None:
    for folder in ("lab", "weights"):
        for path in list_project_files(ROOT / folder):
            target = tmp_path / folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / folder / path, target)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation"]

    subprocess.run([*build, "-w", str(tmp_path), str(tmp_path / "lab")], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("sightline_lab-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        (named,) = (name for name in held if name.endswith("/entry_points.txt"))
        points = archive.read(named).decode()
    modules = {f"lab/{path}" for path in list_project_files(ROOT / "lab") if path.endswith(".py")} - {"lab/setup.py"}
    assert modules - held == set()
    assert {f"lab/{path}" for path in OF_THE_LABORATORY} == {name for name in held if name.endswith(".safetensors")}
    assert {"lab/services/pom.xml"} <= held
    assert {name.partition("/")[0] for name in held if ".dist-info" not in name} == {"lab"}
    assert "train = lab.cli.training:train" in points


def install(folder: Path, torch: str, pyav: str, *locks: str) -> tuple[int, list[str]]:
    """Run deploy/install-packages where pip only notes how it is called; return the status and the calls."""
    for name in ("constraints.txt", "locks", "deploy"):
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        take(ROOT / name, folder / name)
    for name in locks:
        (folder / "locks" / name).write_text("")
    pip = folder / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text('#!/bin/sh\necho "$@" >>"$CALLS"\n')
    pip.chmod(0o755)
    calls = folder / "calls"
    environment: Mapping[str, str] = {
        "PATH": f"{pip.parent}:{os.environ['PATH']}",
        "CALLS": str(calls),
        "TMPDIR": str(folder),
    }
    command = ["deploy/install-packages", torch, "https://index.example", pyav]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode, calls.read_text().splitlines() if calls.exists() else []


def test_by_default_everything_is_checked_by_hash_but_pytorch_for_the_cpu_which_is_pinned(tmp_path: Path) -> None:
    status, (torch, rest) = install(tmp_path, "cpu", "wheel")

    versions = dict(re.findall(r"^(torch|torchvision)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert status == 0
    wanted = f"torch=={versions['torch']}+cpu torchvision=={versions['torchvision']}+cpu"
    assert torch == f"install --no-deps --index-url https://index.example/cpu {wanted}"
    assert rest == "install --no-deps --require-hashes -r locks/image.txt"


@pytest.mark.parametrize(
    ("variant", "locks", "expected"),
    [
        ("default", (), "install --no-deps --require-hashes -r locks/torch.txt"),
        (
            "cpu",
            ("torch-cpu.txt",),
            "install --no-deps --require-hashes --index-url https://index.example/cpu -r locks/torch-cpu.txt",
        ),
    ],
)
def test_where_the_hashes_are_known_pytorch_is_checked_too(
    tmp_path: Path, variant: str, locks: tuple[str, ...], expected: str
) -> None:
    status, calls = install(tmp_path, variant, "wheel", *locks)

    assert status == 0
    assert calls == [expected, "install --no-deps --require-hashes -r locks/image.txt"]


def test_another_way_to_get_pyav_is_refused(tmp_path: Path) -> None:
    status, calls = install(tmp_path, "default", "system")

    assert status == 2
    assert len(calls) == 1


def test_pyav_from_source_asks_for_ffmpegs_source_and_takes_no_wheel_of_it(tmp_path: Path) -> None:
    status, calls = install(tmp_path, "default", "source")

    assert status == 2, "there is no archive of FFmpeg"
    (listed,) = (call.split()[-1] for call in calls if "without-av" in call)
    text = Path(listed).read_text()
    assert not re.search(r"^av==", text, re.MULTILINE)
    assert (
        len(re.findall(r"^[a-z].*==", text, re.MULTILINE))
        == len(re.findall(r"^[a-z].*==", (ROOT / "locks" / "image.txt").read_text(), re.MULTILINE)) - 1
    )
