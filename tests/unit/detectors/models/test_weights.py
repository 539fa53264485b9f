"""Weights come from where they should, say where they were looked for, and are refused when they are not right."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import nn

from detectors.models import weights
from detectors.models.weights import (
    WeightsAbsent,
    WeightsOrigin,
    WeightsUnavailable,
    load_into,
    locate_weights,
    pull_weights,
    read_manifest,
    read_weights,
)

CONTENT = save({"bias": torch.tensor([0.5])}, metadata={"backbone": "none"})
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def write_manifest(folder: Path, *, digest: str = DIGEST, url: str = "") -> None:
    entry = {"file": "tiny.safetensors", "sha256": digest, "licence": "CC0-1.0", "card": "tiny.md", "url": url}
    (folder / "manifest.json").write_text(json.dumps({"tiny": entry}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    write_manifest(bundled)
    return bundled


@pytest.fixture
def server() -> Iterator[str]:
    """A local server of the file at /file, a redirect to it at /moved, and a redirect elsewhere at /astray."""

    class WeightsHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            places = {"/moved": "/file", "/astray": "http://elsewhere.invalid/file", "/round": "/round"}
            if self.path in places:
                self.send_response(302)
                self.send_header("Location", places[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            found = self.path == "/file"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(CONTENT) if found else 0))
            self.end_headers()
            if found:
                self.wfile.write(CONTENT)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    http = HTTPServer(("127.0.0.1", 0), WeightsHandler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_the_bundled_file_is_found_and_its_fingerprint_is_its_digest(folder: Path) -> None:
    (folder / "tiny.safetensors").write_bytes(CONTENT)
    file = locate_weights("tiny", folder=folder)
    assert (file.origin, file.path, file.sha256) == (WeightsOrigin.BUNDLED, folder / "tiny.safetensors", DIGEST)
    assert file.fingerprint == f"tiny@{DIGEST[:12]}"


def test_an_explicit_path_wins_and_needs_no_manifest(folder: Path, tmp_path: Path) -> None:
    (folder / "tiny.safetensors").write_bytes(CONTENT)
    own = tmp_path / "own.safetensors"
    own.write_bytes(CONTENT)
    file = locate_weights("tiny", explicit=own, folder=folder)
    assert (file.origin, file.tried) == (WeightsOrigin.EXPLICIT, (own,))


def test_an_explicit_path_to_nothing_does_not_fall_back(folder: Path, tmp_path: Path) -> None:
    (folder / "tiny.safetensors").write_bytes(CONTENT)
    with pytest.raises(WeightsUnavailable, match=r"absent\.safetensors"):
        locate_weights("tiny", explicit=tmp_path / "absent.safetensors", folder=folder)


def test_a_downloaded_file_serves_where_none_is_bundled(folder: Path, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "tiny.safetensors").write_bytes(CONTENT)
    file = locate_weights("tiny", folder=folder, downloads=downloads)
    assert file.origin is WeightsOrigin.DOWNLOADED
    assert file.tried == (folder / "tiny.safetensors", downloads / "tiny.safetensors")


def test_missing_weights_are_reported_with_every_path_tried_and_the_next_step(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable) as raised:
        locate_weights("tiny", folder=folder, downloads=tmp_path)
    text = str(raised.value)
    assert str(folder / "tiny.safetensors") in text
    assert str(tmp_path / "tiny.safetensors") in text
    assert "give its path" in text


def test_a_model_the_manifest_does_not_know_is_off(folder: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"unknown is off: .*manifest\.json"):
        locate_weights("unknown", folder=folder)


def test_a_bundled_file_that_differs_from_the_manifest_is_refused(folder: Path) -> None:
    (folder / "tiny.safetensors").write_bytes(CONTENT + b"x")
    with pytest.raises(WeightsUnavailable, match="SHA-256"):
        locate_weights("tiny", folder=folder)


def test_a_damaged_manifest_is_named(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"tiny": {"file": 3, "colour": "red"}}')
    with pytest.raises(WeightsUnavailable, match=r"manifest\.json is not a manifest"):
        read_manifest(folder)


def test_a_download_follows_trusted_redirects_and_is_found_afterwards(
    folder: Path, tmp_path: Path, server: str
) -> None:
    write_manifest(folder, url=f"{server}/moved")
    file = pull_weights("tiny", tmp_path / "downloads", folder=folder, trusted_origins={server})
    assert file.path.read_bytes() == CONTENT
    assert locate_weights("tiny", folder=folder, downloads=tmp_path / "downloads").sha256 == DIGEST


@pytest.mark.parametrize(
    ("place", "reason"),
    [("/astray", "not trusted"), ("/round", "redirects"), ("/absent", "404"), ("/file", "larger than 10 bytes")],
)
def test_a_wrong_answer_is_refused_and_leaves_nothing_behind(
    folder: Path, tmp_path: Path, server: str, place: str, reason: str
) -> None:
    write_manifest(folder, url=f"{server}{place}")
    downloads = tmp_path / "downloads"
    with pytest.raises(WeightsUnavailable, match=reason):
        pull_weights("tiny", downloads, folder=folder, trusted_origins={server}, size_limit_bytes=10)
    assert list(downloads.iterdir()) == []


def test_a_download_with_another_digest_is_not_kept(folder: Path, tmp_path: Path, server: str) -> None:
    write_manifest(folder, digest="0" * 64, url=f"{server}/file")
    downloads = tmp_path / "downloads"
    with pytest.raises(WeightsUnavailable, match="SHA-256"):
        pull_weights("tiny", downloads, folder=folder, trusted_origins={server})
    assert list(downloads.iterdir()) == []


def test_plain_http_is_not_trusted_by_default(folder: Path, tmp_path: Path, server: str) -> None:
    write_manifest(folder, url=f"{server}/file")
    with pytest.raises(WeightsUnavailable, match="not trusted"):
        pull_weights("tiny", tmp_path, folder=folder)


def test_weights_without_an_address_are_not_pulled(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="no address"):
        pull_weights("tiny", tmp_path, folder=folder)


def test_tensors_and_notes_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(CONTENT)
    tensors, notes = read_weights(path)
    assert tensors["bias"].item() == pytest.approx(0.5)
    assert notes["backbone"] == "none"


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    torch.save({"bias": torch.zeros(1)}, path)
    with pytest.raises(WeightsUnavailable, match="not a safetensors file"):
        read_weights(path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="another network"):
        load_into(nn.Linear(2, 2), {"bias": torch.zeros(2)}, tmp_path)


def test_every_bundled_file_is_the_one_the_manifest_promises() -> None:
    origins = {model: locate_weights(model).origin for model in read_manifest()}
    assert set(origins.values()) == {WeightsOrigin.BUNDLED}, origins


def test_weights_of_another_distribution_are_found_by_its_entry_point_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The product without the weights that the laboratory carries."""
    bundled, brought = tmp_path / "bundled", tmp_path / "brought"
    bundled.mkdir()
    brought.mkdir()
    (bundled / "manifest.json").write_bytes((weights.BUNDLED / "manifest.json").read_bytes())
    file = read_manifest()["niqe"].file
    (brought / file).write_bytes((weights.BUNDLED / file).read_bytes())
    monkeypatch.setattr(weights, "BUNDLED", bundled)
    monkeypatch.setattr(weights, "find_installed_folders", lambda: (brought,))

    found = locate_weights("niqe", folder=bundled)
    with pytest.raises(WeightsAbsent, match="install sightline-lab"):
        locate_weights("brisque", folder=bundled)
    (brought / file).write_bytes(b"other")

    assert (found.path, found.origin) == (brought / file, WeightsOrigin.INSTALLED)
    with pytest.raises(WeightsUnavailable, match="the manifest says"):
        locate_weights("niqe", folder=bundled)


def test_the_laboratory_is_found() -> None:
    assert [folder for folder in weights.find_installed_folders() if (folder / "niqe.safetensors").is_file()]
