"""Pieces are kept, a run goes on where it stopped, and a short form never passes for a whole one."""

import json
from pathlib import Path

import pytest

from domain.errors import ConfigError
from lab.bench.evidence import evidence_run
from lab.bench.evidence.evidence_run import EvidencePart, Reduction, choose_parts, find_pieces
from lab.bench.evidence.fortnight_run import plant
from simulation.fortnight.camera import PLACES

SHORT = Reduction(hours=0.2, cameras=("gallery",), models=False)


def test_a_piece_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    found = evidence_run.run(tmp_path, parts=[EvidencePart.FORTNIGHT], jobs=1, reduction=SHORT)
    assert found["fortnight_false_alarms"]["hours"] == pytest.approx(0.2)
    (piece,) = tmp_path.iterdir()
    piece.write_text(json.dumps({**json.loads(piece.read_text()), "hours": 7.0}))
    again = evidence_run.run(tmp_path, parts=[EvidencePart.FORTNIGHT], jobs=1, reduction=SHORT)
    assert again["fortnight_false_alarms"]["hours"] == 7.0
    again = evidence_run.run(tmp_path, parts=[EvidencePart.FORTNIGHT], jobs=1, again=True, reduction=SHORT)
    assert again["fortnight_false_alarms"]["hours"] == pytest.approx(0.2)


def test_names_tell_short_forms_from_whole_ones(tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    whole = [piece.name for piece in find_pieces([EvidencePart.FORTNIGHT], None, tmp_path, Reduction())]
    short = [piece.name for piece in find_pieces([EvidencePart.FORTNIGHT], None, tmp_path, Reduction(days=2))]
    assert len(set(whole)) == len(PLACES)
    assert not set(whole) & set(short)


def test_parts_are_chosen_by_name() -> None:
    assert choose_parts([]) == tuple(EvidencePart)
    assert choose_parts(["real", "planted"]) == (EvidencePart.PLANTED, EvidencePart.REAL)
    with pytest.raises(ConfigError, match="--part: there is no 'weather'; take planted"):
        choose_parts(["weather"])


def test_parts_that_need_clips_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGHTLINE_DATA", raising=False)
    with pytest.raises(ConfigError, match="set SIGHTLINE_DATA"):
        evidence_run.run(tmp_path, parts=[EvidencePart.REAL])


def test_every_place_gets_two_faults_on_its_last_day() -> None:
    for number in range(len(PLACES)):
        day, night = plant(number, 3)
        assert 2 * 86_400 < day.start_s < day.end_s < night.start_s < night.end_s < 3 * 86_400


@pytest.mark.parametrize(
    ("reduction", "said"),
    [
        (Reduction(cameras=("attic",)), "--camera: there is no 'attic'; take gate"),
        (Reduction(faults=("rust",)), "--fault: there is no 'rust'; take black"),
        (Reduction(), "holds none of the clips of real"),
    ],
)
def test_a_name_or_folder_with_nothing_behind_it_is_an_error(tmp_path: Path, reduction: Reduction, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        evidence_run.run(tmp_path, parts=[EvidencePart.REAL], data=tmp_path / "empty", reduction=reduction)
