"""Official files are known by their digest, others by their notes; without any the detector is off."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from detectors.models.faster_rcnn import weights
from detectors.models.faster_rcnn.variants import DEFAULT_VARIANT, OWN_VARIANT, VARIANTS
from detectors.models.faster_rcnn.weights import from_weights, locate_weights, pull_weights
from detectors.models.weights import WeightsAbsent, WeightsOrigin, WeightsUnavailable, sha256
from tests.unit.detectors.file_server import serving

NAME = "fasterrcnn_mobilenet_v3_large_320_fpn"


class Tiny(nn.Module):
    """Stands for a network where only its file is of interest."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts as the official one of a variant, whose network is tiny."""
    path = tmp_path / "published.pth"
    torch.save(Tiny().state_dict(), path)
    variant = dataclasses.replace(VARIANTS[NAME], sha256_prefix=sha256(path)[:8])
    monkeypatch.setattr(weights, "VARIANTS", {NAME: variant})
    monkeypatch.setattr(weights, "build_network", lambda _: Tiny().eval())
    monkeypatch.setattr(weights, "DEFAULT_VARIANT", NAME)
    return path


@pytest.fixture
def served(published: Path) -> Iterator[str]:
    """The official file's address on a local server."""
    with serving(published) as address:
        yield address


def test_an_official_file_is_known_by_its_digest_whatever_it_is_called(published: Path) -> None:
    file = locate_weights(explicit=published)
    variant, network = from_weights(file)
    assert (file.origin, variant.name) == (WeightsOrigin.EXPLICIT, NAME)
    assert file.fingerprint == f"faster_rcnn@{sha256(published)[:12]}"
    assert not network.training


def test_pulling_keeps_the_official_file_under_its_name(served: str, published: Path, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    file = pull_weights(downloads, variant=NAME, url=f"{served}/file", trusted_origins={served})
    assert file.path == downloads / VARIANTS[NAME].file
    assert locate_weights(downloads=downloads).sha256 == sha256(published)


def test_a_download_with_another_digest_is_not_kept(served: str, published: Path, tmp_path: Path) -> None:
    published.write_bytes(published.read_bytes() + b" ")
    with pytest.raises(WeightsUnavailable, match="SHA-256"):
        pull_weights(tmp_path / "downloads", variant=NAME, url=f"{served}/file", trusted_origins={served})
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_damaged_download_is_refused(published: Path, tmp_path: Path) -> None:
    (tmp_path / VARIANTS[NAME].file).write_bytes(published.read_bytes()[:-1])
    with pytest.raises(WeightsUnavailable, match="fetch it again"):
        locate_weights(downloads=tmp_path)


def test_a_pickle_that_is_not_official_is_never_read(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(WeightsUnavailable, match="safetensors only"):
        locate_weights(explicit=path)


def test_own_weights_name_their_variant(published: Path, tmp_path: Path) -> None:
    named, nameless = tmp_path / "named.safetensors", tmp_path / "nameless.safetensors"
    save_file(Tiny().state_dict(), named, metadata={"variant": NAME})
    save_file(Tiny().state_dict(), nameless)
    assert from_weights(locate_weights(explicit=named))[0].name == NAME
    with pytest.raises(WeightsUnavailable, match="note `variant`"):
        from_weights(locate_weights(explicit=nameless))


def test_weights_of_another_network_are_refused(published: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"layer.weight": torch.zeros(3, 3)}, path, metadata={"variant": NAME})
    with pytest.raises(WeightsUnavailable, match="another network"):
        from_weights(locate_weights(explicit=path))


def test_without_weights_it_is_off_and_says_how_to_place_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing_bundled(model: str) -> None:
        raise WeightsAbsent(f"{model} is off")

    monkeypatch.setattr(weights, "find_bundled", nothing_bundled)
    with pytest.raises(WeightsUnavailable, match="models pull faster_rcnn") as off:
        locate_weights(downloads=tmp_path)
    assert VARIANTS[DEFAULT_VARIANT].url in str(off.value)
    with pytest.raises(WeightsUnavailable, match="off"):
        locate_weights()


def test_the_bundled_network_runs_where_nothing_else_was_pulled(tmp_path: Path) -> None:
    file = locate_weights(downloads=tmp_path)
    assert file.origin is WeightsOrigin.BUNDLED
    assert from_weights(file)[0] is OWN_VARIANT


def test_a_missing_path_is_off(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match="no file at"):
        locate_weights(explicit=tmp_path / "nowhere.pth")


def test_the_default_is_one_of_the_four() -> None:
    assert DEFAULT_VARIANT in VARIANTS
    assert len(VARIANTS) == 4
