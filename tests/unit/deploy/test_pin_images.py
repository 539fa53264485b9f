"""`deploy/pin-images` finds every image, writes digests in place, and takes nothing for a digest that is none.

No registry is reached here: a small program stands in for skopeo and answers as it does.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "deploy" / "pin-images"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Return copies of the files that name images."""
    return [Path(shutil.copy(ROOT / name, tmp_path)) for name in ("docker-compose.yml", "Dockerfile")]


def pin(files: list[Path], answer: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script where skopeo gives this answer, an expression of the shell."""
    folder = files[0].parent / "bin"
    folder.mkdir(exist_ok=True)
    skopeo = folder / "skopeo"
    skopeo.write_text(f"#!/bin/sh\n{answer}\n")
    skopeo.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SIGHTLINE_PIN_FILES": " ".join(str(file) for file in files),
    }
    return subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False)


def images(files: list[Path]) -> set[str]:
    """Return the images that the files name, ours left out."""
    services = yaml.safe_load(files[0].read_text())["services"].values()
    stages = [line.split()[1] for line in files[1].read_text().splitlines() if line.startswith("FROM ")]
    return {image for image in (*(service["image"] for service in services), *stages) if "sightline:" not in image}


def test_every_image_gets_the_digest_of_its_own_tag_and_a_newer_one_later(files: list[Path]) -> None:
    before = images(files)
    assert len(before) == 7

    for salt in ("one", "two"):
        done = pin(files, f'printf "sha256:%s\\n" "$(printf "%s{salt}" "$4" | sha256sum | cut -c1-64)"')

        assert done.returncode == 0, done.stderr
        after = images(files)
        assert {image.partition("@")[0] for image in after} == {image.partition("@")[0] for image in before}
        assert len({image.partition("@sha256:")[2] for image in after}) == len(before)
        assert pin(files, "exit 1", "--check").returncode == 0
        before = after


def test_an_image_without_a_digest_is_named(files: list[Path]) -> None:
    done = pin(files, "exit 1", "--check")

    unpinned = {image for image in images(files) if "@" not in image}
    assert done.returncode == (1 if unpinned else 0)
    assert all(image in done.stderr for image in unpinned)


@pytest.mark.parametrize("answer", ["exit 1", "echo 'not found'", "echo sha256:12"])
def test_nothing_else_is_taken_for_a_digest(files: list[Path], answer: str) -> None:
    before = [file.read_text() for file in files]

    assert pin(files, answer).returncode == 1
    assert [file.read_text() for file in files] == before
