"""The survey ranks what to look at first, and claims nothing of what it could not judge."""

import csv
import io
import json
import random
from datetime import UTC, datetime

import pytest

from domain.faults import Fault, Verdict, VerdictState
from domain.report_files import ReportFormat
from reports.export.seal import Outcome, check_seal
from reports.survey.survey_file import describe_visit, export_survey, name_comparison, name_result
from reports.survey.visits import (
    NEEDS_BASELINE,
    Survey,
    SurveyEntry,
    SurveyFinding,
    SurveyState,
    VisitTally,
    compare_entries,
    rank_entries,
)

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LEARNING = {NEEDS_BASELINE: [Fault.COVERED, Fault.CAMERA_MOVED]}


def entry(name: str, *faults: Fault, frames: int = 10, quality: float = 60.0, reason: str = "") -> SurveyEntry:
    return SurveyEntry(
        name=name,
        site="north",
        address="rtsp://10.0.0.7/main",
        frames=frames,
        findings=[SurveyFinding(fault, f"{fault} is seen") for fault in faults],
        not_judged_reason=reason,
        not_judged=LEARNING if frames else {},
        quality={"image_quality": quality} if frames else {},
    )


ENTRIES = (
    entry("dead", Fault.SIGNAL_LOSS, frames=0),
    entry("covered", Fault.PLACEHOLDER),
    entry("blurred", Fault.BLUR),
    entry("noisy", Fault.NOISE),
    entry("unread", frames=0, reason="no picture in it"),
    entry("poor", quality=20.0),
    entry("good", quality=80.0),
)


def survey(*entries: SurveyEntry) -> Survey:
    return Survey(rank_entries(entries), AT, "1.2.3", {"blur": "abc"})


@pytest.mark.parametrize("seed", range(5))
def test_critical_faults_come_first_and_the_poorest_picture_leads_the_rest(seed: int) -> None:
    shuffled = list(ENTRIES)
    random.Random(seed).shuffle(shuffled)
    assert [each.name for each in rank_entries(shuffled)] == [each.name for each in ENTRIES]


def test_a_camera_without_pictures_and_without_a_reason_is_never_called_fine() -> None:
    assert entry("unread", frames=0).state is SurveyState.NOT_JUDGED


def test_a_scene_without_light_is_never_called_fine() -> None:
    tally = VisitTally()
    dark = (Fault.BLACK, Fault.BLUR, Fault.LOW_CONTRAST)
    tally.add([verdict(fault, VerdictState.NOT_ASSESSABLE, "scene unlit") for fault in dark], {})
    tally.add([verdict(Fault.NOISE, VerdictState.OK)], {})
    unlit = SurveyEntry("yard", frames=2, findings=tally.findings(), not_judged_reason=tally.not_judged_reason())
    assert (unlit.state, unlit.not_judged_reason) == (SurveyState.NOT_JUDGED, "scene unlit")


def verdict(fault: Fault, state: VerdictState, reason: str = "") -> Verdict:
    return Verdict(fault, state, reason)


def test_a_fault_counts_where_most_pictures_show_it() -> None:
    tally = VisitTally()
    for number in range(10):
        often = VerdictState.FAULT if number < 6 else VerdictState.OK
        seldom = VerdictState.FAULT if number < 3 else VerdictState.OK
        tally.add([verdict(Fault.BLUR, often, f"blur {number}"), verdict(Fault.NOISE, seldom, "noise")], {})
    assert list(tally.findings()) == [SurveyFinding(Fault.BLUR, "blur 5")]


def test_the_cause_leads_and_its_symptoms_follow() -> None:
    tally = VisitTally()
    faults = (Fault.BLUR, Fault.LOW_CONTRAST, Fault.BLACK, Fault.TOO_DARK)
    tally.add([verdict(fault, VerdictState.FAULT, fault.value) for fault in faults], {})
    assert next(each.fault for each in tally.findings()) is Fault.BLACK


def test_a_notice_is_no_finding() -> None:
    tally = VisitTally()
    tally.add([verdict(Fault.CODEC_CHANGED, VerdictState.FAULT, "changed")], {})
    assert list(tally.findings()) == []


def test_what_could_never_be_judged_is_grouped_by_reason() -> None:
    tally = VisitTally()
    first = (
        (Fault.COVERED, "learning day"),
        (Fault.BLUR, "too few frames yet"),
        (Fault.SIGNAL_LOSS, "a recording has no connection"),
    )
    tally.add([verdict(fault, VerdictState.NOT_ASSESSABLE, reason) for fault, reason in first], {})
    tally.add([verdict(Fault.BLUR, VerdictState.OK)], {"image_quality": 50.0})
    assert tally.not_judged(["a recording has no connection"]) == {NEEDS_BASELINE: [Fault.COVERED]}
    assert (tally.checks_made, tally.quality) == (1, {"image_quality": 50.0})


def test_what_no_camera_was_judged_for_is_said_once() -> None:
    made = export_survey(survey(*ENTRIES), ReportFormat.HTML).content.decode()
    assert made.count("needs a baseline") == 1
    only = SurveyEntry("odd", frames=5, not_judged={**LEARNING, "scene unlit": [Fault.BLUR]})
    made = export_survey(survey(*ENTRIES, only), ReportFormat.HTML).content.decode()
    assert made.count("scene unlit") == 1
    assert made.count("needs a baseline") == 1


@pytest.mark.parametrize("form", [ReportFormat.HTML, ReportFormat.CSV, ReportFormat.JSON])
def test_every_format_is_sealed(form: ReportFormat) -> None:
    made = export_survey(survey(*ENTRIES), form)
    assert made.name == f"sightline-survey-2026-11-30-0900.{form.value}"
    assert check_seal(made.content).outcome is Outcome.INTACT


def test_csv_and_json_hold_the_same_ranking() -> None:
    found = survey(*ENTRIES)
    lines = list(csv.DictReader(io.StringIO(export_survey(found, ReportFormat.CSV).content.decode("utf-8-sig"))))
    values = json.loads(export_survey(found, ReportFormat.JSON).content)
    assert [line["camera"] for line in lines][:-1] == [each["name"] for each in values["cameras"]]
    assert values["counts"] == {"fault": 4, "not_judged": 1, "no_fault_found": 2}
    assert values["models"] == {"blur": "abc"}


def test_names_and_reasons_are_text_and_pictures_stand_only_where_they_were_kept() -> None:
    strange = SurveyEntry(
        "<b>x</b>", frames=1, findings=[SurveyFinding(Fault.BLUR, "<script>1</script>")], picture=b"\xff\xd8"
    )
    made = export_survey(survey(strange), ReportFormat.HTML).content.decode()
    assert "<script>" not in made
    assert "data:image/jpeg;base64,/9g=" in made
    assert "<img" not in export_survey(survey(*ENTRIES), ReportFormat.HTML).content.decode()


def site_of(count: int, purple: float, site: str = "north") -> list[SurveyEntry]:
    """`count` judged cameras of one site, the first of them as purple as that."""
    shares = [purple, *[0.02] * (count - 1)]
    numbers = [
        {"purple_share": share, "lean_blue": share / 4, "saturation": 0.1 + share / 2, "luma_mean": 0.4}
        for share in shares
    ]
    return [SurveyEntry(f"{site} {place}", site=site, frames=9, numbers=one) for place, one in enumerate(numbers)]


def test_the_camera_that_is_purple_alone_is_a_fault_and_others_stay_as_they_are() -> None:
    compared = compare_entries([*site_of(10, 0.6), *site_of(10, 0.02, "south")])
    faulty = [entry for entry in compared if entry.findings]
    assert [(entry.name, entry.headline.fault) for entry in faulty if entry.headline] == [("north 0", Fault.IR_CUT)]
    assert faulty[0].state is SurveyState.FAULT
    assert len(compared) == 20


def test_cameras_of_different_sites_are_not_compared() -> None:
    assert not any(entry.findings for entry in compare_entries([*site_of(5, 0.9), *site_of(5, 0.02, "south")]))


def test_what_is_compared_is_the_visits_median() -> None:
    tally = VisitTally()
    for share in (0.1, 0.5, 0.9):
        tally.add([], {"purple_share": share, "stripe_strength": 0.4})
    assert tally.numbers == {"purple_share": 0.5}


def test_no_visit_is_called_fine_before_the_cameras_are_compared() -> None:
    assert [describe_visit(entry("a")), describe_visit(entry("b", Fault.BLUR))] == [
        "nothing seen in its own pictures",
        "out of focus",
    ]
    assert describe_visit(entry("c", frames=0, reason="no picture in it")) == "could not be judged: no picture in it"


def test_what_the_comparison_adds_is_said_by_name_and_the_count_of_all_at_the_end() -> None:
    before = [entry("a"), entry("b", Fault.BLUR), entry("c")]
    after = [entry("a"), entry("b", Fault.BLUR), entry("c", Fault.NOISE)]
    (line,) = name_comparison(before, after)
    assert line == "compared with the site's other cameras: c: noisy picture"
    assert name_result(survey(*after)) == "fault: 2, could not be judged: 0, no fault found: 1"


def test_the_table_of_a_survey_is_scrolled_by_keyboard_and_no_hash_widens_the_page() -> None:
    page = export_survey(survey(*ENTRIES), ReportFormat.HTML).content.decode()
    assert page.count('class="wide"') == page.count('class="wide" tabindex="0" role="region" aria-label=')
    assert "li { overflow-wrap: anywhere; }" in page
    assert "beside the site's other cameras" in page.replace("&#x27;", "'")


def test_what_lacks_only_a_past_is_said_to_need_a_baseline_and_not_that_no_picture_came() -> None:
    tally = VisitTally()
    reasons = {
        Fault.LOW_FPS: "no picture seen yet",
        Fault.FREEZE: "the camera's usual activity is not known yet",
        Fault.COVERED: "learning day",
    }
    tally.add([Verdict(fault, VerdictState.NOT_ASSESSABLE, reason) for fault, reason in reasons.items()], {})
    assert set(tally.not_judged()) == {NEEDS_BASELINE}
