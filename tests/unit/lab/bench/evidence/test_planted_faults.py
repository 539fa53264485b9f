"""The fault table counts what it says it counts."""

from pathlib import Path

import pytest
from skimage import data

from domain.faults import Fault
from lab.bench.evidence import planted_faults
from lab.bench.evidence.clips import find_clips
from lab.bench.evidence.planted_faults import HealthyRun, PlantedRun, bound_false_alarms, summarise_runs
from lab.bench.evidence.scripted_connections import GRADED, SCRIPTS
from simulation.fault_injection import Strength
from simulation.films.film_writer import FilmWriter
from tests.unit.detectors.sample_pictures import noisy

SIZE = (320, 240)


def found(clip: str, delay_s: float | None, headline: str = "blur") -> PlantedRun:
    raised = delay_s is not None
    return PlantedRun(clip, "blur", "severe", raised, headline, raised and headline == "blur", delay_s, (), "")


def test_a_row_counts_raised_and_rightly_named_runs_and_takes_the_median_delay() -> None:
    (row,) = summarise_runs([found("a", 2.0), found("b", 4.0, "covered"), found("c", None), found("d", 9.0)])
    assert (row["runs"], row["raised"], row["right_headline"]) == (4, 3, 2)
    assert (row["median_delay_s"], row["greatest_delay_s"]) == (4.0, 9.0)


def test_no_false_alarm_in_half_an_hour_bounds_the_rate_at_six_an_hour() -> None:
    answer = bound_false_alarms([HealthyRun("a", (), 1200.0, 0.8), HealthyRun("b", (), 600.0, 0.8)])
    assert answer["count"] == 0
    assert answer["per_camera_hour_upper_95"] == pytest.approx(6.0)
    assert bound_false_alarms([HealthyRun("a", ("blur",), 3600.0, 0.8)])["per_camera_hour_upper_95"] > 5


@pytest.mark.parametrize("fault", SCRIPTS)
def test_every_scripted_connection_fault_is_raised_under_its_own_name(fault: Fault) -> None:
    run = planted_faults._run_scripted(fault, Strength.SEVERE)
    assert run.raised
    assert run.headline == fault
    assert run.before == ()


@pytest.mark.parametrize("fault", sorted(GRADED))
def test_mild_trouble_on_the_line_is_no_fault(fault: Fault) -> None:
    run = planted_faults._run_scripted(fault, Strength.MILD)
    assert (run.raised, run.headline) == (False, "")


@pytest.mark.slow
def test_a_folder_of_any_clips_gives_a_table(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    view = data.coffee()[40:280, 60:380]  # type: ignore[no-untyped-call]
    with FilmWriter(clips / "view.mp4", SIZE, 5) as writer:
        for number in range(60):
            writer.add(noisy(view, 2, number), crf=20)
    answer = planted_faults.run(clips=clips, faults=(Fault.BLACK, Fault.SIGNAL_LOSS), cache=tmp_path / "cache")
    rows = {(row["fault"], row["strength"]): row for row in answer["faults"]}
    assert rows["black", "severe"]["right_headline"] == 1
    assert rows["signal_loss", "severe"]["right_headline"] == 1
    assert answer["false_alarms"]["count"] == 0
    assert [clip.name for clip in find_clips(clips)] == ["view"]
    assert "| black | severe | 1/1 | 1/1 |" in planted_faults.as_table(answer)
