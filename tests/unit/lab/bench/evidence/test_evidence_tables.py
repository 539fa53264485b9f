"""Tables count what they say they count."""

from typing import Any

from lab.bench.evidence.evidence_tables import as_markdown, false_alarms, fault_rows, summarise


def planted(fault: str, *, right: bool, delay_s: float | None, today: dict[str, float]) -> dict[str, Any]:
    return {
        "fault": fault,
        "strength": "severe",
        "raised": delay_s is not None,
        "headline": fault if right else "covered",
        "right_headline": right,
        "delay_s": delay_s,
        "today": today,
    }


def test_a_row_sets_todays_checks_beside_ours() -> None:
    runs = [
        planted("blur", right=True, delay_s=2.0, today={"laplacian variance": 1.0, "blurdetect": 3.0}),
        planted("blur", right=False, delay_s=4.0, today={"mean too low": 2.0}),
        planted("blur", right=False, delay_s=None, today={"laplacian variance": -4.0}),
    ]
    (row,) = fault_rows(runs)
    assert (row["runs"], row["raised"], row["right_headline"], row["median_delay_s"]) == (3, 2, 1, 3.0)
    assert row["fixed_bounds"] == {"raised": 2, "right": 1}
    assert row["ffmpeg"] == {"raised": 1, "right": 1}
    assert row["recall"][0] == round(1 / 3, 6)


def test_false_alarms_are_bounded_over_all_hours_together() -> None:
    pieces = [
        {"hours": 2.0, "false_alarms": [], "today": {"blackdetect": 1, "mean too low": 2}},
        {"hours": 1.0, "false_alarms": [{"fault": "blur"}], "today": {}},
    ]
    found = false_alarms(pieces)
    assert (found["cameras"], found["hours"], found["sightline"]["count"]) == (2, 3.0, 1)
    assert (found["fixed_bounds"]["count"], found["ffmpeg"]["count"]) == (2, 1)
    estimate, low, high = found["sightline"]["per_hour"]
    assert low < estimate < high


def test_only_the_parts_that_were_run_are_shown() -> None:
    runs = [planted("blur", right=True, delay_s=2.0, today={})]
    tables = summarise({"planted": [{"runs": runs}], "real": []})
    shown = as_markdown(tables)
    assert "| `blur` | severe | 1/1 | 1/1 | 2 |" in shown
    assert "camera-hours" not in shown
