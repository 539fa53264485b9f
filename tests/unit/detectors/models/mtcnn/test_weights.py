"""MTCNN's weights by every way they can come; what differs by a byte is refused."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from detectors.models.mtcnn import weights
from detectors.models.mtcnn.weights import (
    FILES,
    FOLDER_IN_WHEEL,
    locate_weights,
    pull_weights,
    read_tensors,
    save_safetensors,
)
from detectors.models.weights import WeightsOrigin, WeightsUnavailable, sha256
from tests.unit.detectors.file_server import serving


@pytest.fixture(scope="module")
def installed() -> Path:
    return locate_weights().path


@pytest.fixture
def wheel(installed: Path, tmp_path: Path) -> Path:
    """A wheel with the same three files and some code."""
    path = tmp_path / "facenet_pytorch-2.5.3-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("facenet_pytorch/__init__.py", "raise SystemExit")
        for name in FILES:
            archive.write(installed / name, f"{FOLDER_IN_WHEEL}/{name}")
    return path


@pytest.fixture
def served(wheel: Path) -> Iterator[str]:
    """The wheel's address on a local server."""
    with serving(wheel) as address:
        yield address


def without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "facenet-pytorch-that-nobody-installed")


def test_the_files_have_the_published_sizes(installed: Path) -> None:
    sizes = {name: (installed / name).stat().st_size for name in FILES}
    assert sizes == {"pnet.pt": 28_570, "rnet.pt": 403_147, "onet.pt": 1_559_269}


def test_the_installed_package_is_found_without_importing_it() -> None:
    file = locate_weights()
    assert (file.origin, file.sha256) == (WeightsOrigin.INSTALLED, weights.DIGEST)
    assert file.fingerprint == f"mtcnn@{weights.DIGEST[:12]}"


def test_a_folder_a_wheel_and_a_converted_file_hold_the_same_weights(
    installed: Path, wheel: Path, tmp_path: Path
) -> None:
    saved = save_safetensors(read_tensors(wheel), tmp_path / "own.safetensors")
    files = [locate_weights(explicit=path) for path in (installed, wheel, saved)]
    assert {file.sha256 for file in files} == {weights.DIGEST}
    assert {file.origin for file in files} == {WeightsOrigin.EXPLICIT}


def test_pulling_checks_the_wheel_and_keeps_only_safetensors(
    served: str, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_package(monkeypatch)
    downloads = tmp_path / "downloads"
    file = pull_weights(downloads, url=f"{served}/wheel", wheel_sha256=sha256(wheel), trusted_origins={served})
    assert (file.origin, file.sha256) == (WeightsOrigin.DOWNLOADED, weights.DIGEST)
    assert [path.name for path in downloads.iterdir()] == ["mtcnn.safetensors"]
    assert locate_weights(downloads=downloads).path == file.path


def test_a_wheel_of_another_digest_is_not_kept(served: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="SHA-256"):
        pull_weights(tmp_path / "downloads", url=f"{served}/wheel", trusted_origins={served})
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_changed_file_is_refused_before_it_is_read(installed: Path, tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes((installed / name).read_bytes())
    (tmp_path / "rnet.pt").write_bytes((installed / "rnet.pt").read_bytes() + b" ")
    with pytest.raises(WeightsUnavailable, match=r"rnet\.pt differs"):
        locate_weights(explicit=tmp_path)


def test_downloaded_weights_that_differ_in_one_number_are_refused(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_package(monkeypatch)
    changed = read_tensors(installed)
    changed["onet.box.bias"] = changed["onet.box.bias"] + torch.tensor([0.0, 0, 0, 1e-6])
    save_safetensors(changed, tmp_path / "mtcnn.safetensors")
    with pytest.raises(WeightsUnavailable, match="other weights"):
        locate_weights(downloads=tmp_path)


def test_own_weights_given_by_path_have_a_fingerprint_of_their_own(installed: Path, tmp_path: Path) -> None:
    changed = read_tensors(installed)
    changed["onet.box.bias"] = changed["onet.box.bias"] + 1
    file = locate_weights(explicit=save_safetensors(changed, tmp_path / "own.safetensors"))
    assert file.sha256 != weights.DIGEST


def test_a_missing_path_is_off(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="nothing at"):
        locate_weights(explicit=tmp_path / "nowhere.whl")


def test_what_is_not_a_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.whl").write_text("not a zip file")
    with pytest.raises(WeightsUnavailable, match="not the wheel"):
        locate_weights(explicit=tmp_path / "text.whl")


def test_without_weights_it_is_off_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_the_package(monkeypatch)
    with pytest.raises(WeightsUnavailable, match="models pull mtcnn"):
        locate_weights(downloads=tmp_path)
