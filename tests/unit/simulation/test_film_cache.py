"""Films are made once, and made again when what makes them changed."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from simulation.film_cache import make_films
from simulation.films.film import Film, Take
from simulation.films.scenes import SCENES

SHORT = Film(SCENES["gate"], (Take(1.0),), datetime(2026, 3, 14, tzinfo=UTC))


def test_a_film_is_made_once_and_found_again(tmp_path: Path) -> None:
    first = make_films({"gate": SHORT}, tmp_path)["gate"]
    made_at = first.stat().st_mtime_ns
    assert make_films({"gate": SHORT}, tmp_path)["gate"] == first
    assert first.stat().st_mtime_ns == made_at


def test_another_schedule_is_another_film(tmp_path: Path) -> None:
    longer = replace(SHORT, takes=(Take(1.1),))
    assert make_films({"gate": SHORT}, tmp_path)["gate"] != make_films({"gate": longer}, tmp_path)["gate"]


def test_films_of_another_version_are_deleted(tmp_path: Path) -> None:
    old = tmp_path / "0123456789abcdef"
    old.mkdir()
    (old / "gate.mp4").write_bytes(b"old")
    make_films({"gate": SHORT}, tmp_path)
    assert not old.exists()


def test_progress_adds_up_to_the_films_length_made_or_found(tmp_path: Path) -> None:
    for _ in range(2):
        seconds: list[float] = []
        make_films({"gate": SHORT, "park": replace(SHORT, scene=SCENES["park"])}, tmp_path, progress=seconds.append)
        assert sum(seconds) == 2.0
