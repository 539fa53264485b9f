"""Without a server the cameras are files, and can be taken away and brought back all the same."""

from pathlib import Path

import pytest

from simulation.cameras import camera_provider


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    return path


def test_without_a_server_files_are_read_and_it_says_what_to_install(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        camera_provider, "explain_missing_server", lambda: "no RTSP server; install it with: apt-get install x"
    )
    with camera_provider.provide_cameras({"gate": film}, tmp_path) as stage:
        assert Path(stage.url("gate")).read_bytes() == b"film"
        assert "real-time speed" in stage.description
        assert "apt-get install x" in stage.description


def test_a_file_taken_away_is_gone_until_it_is_brought_back(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_provider, "explain_missing_server", lambda: "none")
    with camera_provider.provide_cameras({"gate": film}, tmp_path) as stage:
        path = Path(stage.url("gate"))
        stage.pull("gate")
        assert not path.exists()
        stage.restore("gate")
        assert path.read_bytes() == b"film"
    assert film.exists()
