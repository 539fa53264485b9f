"""Films are coded with x264; where PyAV was built without it, that is said in a sentence."""

from pathlib import Path

import av
import pytest

from domain.errors import ConfigError
from simulation.films.film_writer import FilmWriter


def test_without_x264_it_says_so_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(av, "codecs_available", av.codecs_available - {"libx264"})

    with pytest.raises(ConfigError, match="built without it") as caught, FilmWriter(tmp_path / "a.mp4", (64, 64), 10):
        pytest.fail("nothing can be written")

    assert "docs/licences.md" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
