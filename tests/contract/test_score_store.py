"""What every store of scores promises: a whole unit, the same unit twice is once, rollups that agree."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.faults import Fault, NotAssessable, Verdict, VerdictState
from domain.messages import BatchResult, DeadLetter, VerdictChange
from domain.metrics import FrameScores
from domain.records import Resolution, ScorePoint
from tests.contract.conftest import PortStores
from tests.contract.records import EVIDENCE, alert, baseline, entry, incident, scores, status, transition
from tests.fakes.ports import START

FOREVER = START + timedelta(days=3650)


def at(seconds: float) -> object:
    return START + timedelta(seconds=seconds)


def make_batch() -> BatchResult:
    change = VerdictChange("gate", Verdict(Fault.BLUR, VerdictState.FAULT, "soft edges", EVIDENCE), START)
    return BatchResult(
        scores=tuple(scores("gate", each) for each in range(3)),
        statuses=(status("gate", 2),),
        verdicts=(change,),
        alerts=(alert(),),
        transitions=(transition(),),
        incidents=(incident(),),
        outbox=(entry(),),
        baselines=(baseline(),),
        dead_letters=(DeadLetter("gate", "s1", 3, START, "planes do not fit"),),
    )


def read_everything(stores: PortStores) -> list[object]:
    return [
        stores.scores.frames("gate", START, FOREVER),
        stores.streams.sessions("gate"),
        stores.scores.verdict_changes("gate", START, FOREVER),
        stores.alerts.alerts(),
        stores.alerts.transitions("gate"),
        stores.alerts.incidents(),
        stores.alerts.due(FOREVER),
        stores.alerts.baselines("gate"),
        stores.scores.dead_letters(),
    ]


@pytest.mark.parametrize("cause", [None, *NotAssessable])
def test_why_a_verdict_is_not_assessable_is_read_back(stores: PortStores, cause: NotAssessable | None) -> None:
    verdict = Verdict(Fault.BLUR, VerdictState.NOT_ASSESSABLE, "learning day", EVIDENCE, cause)
    stores.scores.add(BatchResult(statuses=(status("gate", 2),), verdicts=(VerdictChange("gate", verdict, START),)))
    (change,) = stores.scores.verdict_changes("gate", START, FOREVER)
    assert change.verdict.cause is cause
    assert stores.scores.latest(["gate"])["gate"].verdicts == (verdict,)


def test_every_part_of_a_unit_is_read_back(stores: PortStores) -> None:
    unit = make_batch()
    stores.scores.add(unit)
    assert [row.ref for row in stores.scores.frames("gate", START, FOREVER)] == [score.ref for score in unit.scores]
    assert tuple(stores.scores.verdict_changes("gate", START, FOREVER)) == unit.verdicts
    assert tuple(stores.alerts.alerts()) == unit.alerts
    assert tuple(stores.alerts.transitions("gate")) == unit.transitions
    assert tuple(stores.alerts.incidents()) == unit.incidents
    assert tuple(stores.alerts.due(FOREVER)) == unit.outbox
    assert tuple(stores.alerts.baselines("gate")) == unit.baselines
    assert tuple(stores.scores.dead_letters()) == unit.dead_letters
    assert len(stores.streams.sessions("gate")) == 1


def test_storing_the_same_unit_again_changes_nothing(stores: PortStores) -> None:
    stores.scores.add(make_batch())
    before = read_everything(stores)
    stores.scores.add(make_batch())
    assert read_everything(stores) == before


def test_an_older_unit_stored_again_takes_nothing_back(stores: PortStores) -> None:
    stores.scores.add(make_batch())
    newer = replace(
        make_batch(),
        alerts=(alert(updated_s=60),),
        baselines=(baseline(updated_s=60, frames=960),),
        incidents=(incident(summary="gate: out of focus and noisy", updated_at=at(60)),),
    )
    stores.scores.add(newer)
    before = read_everything(stores)
    stores.scores.add(make_batch())
    assert read_everything(stores) == before
    assert stores.alerts.baselines("gate")[0].frames == 960


def test_an_empty_unit_stores_nothing(stores: PortStores) -> None:
    before = read_everything(stores)
    stores.scores.add(BatchResult())
    assert read_everything(stores) == before


def test_the_same_row_twice_in_one_unit_is_stored_once_and_the_last_counts(stores: PortStores) -> None:
    unit = BatchResult(
        scores=(scores("gate", 1), scores("gate", 1)),
        alerts=(alert(updated_s=1), alert(updated_s=2)),
        statuses=(status("gate", 1), status("gate", 1)),
    )
    stores.scores.add(unit)
    assert len(stores.scores.frames("gate", START, FOREVER)) == 1
    assert stores.alerts.alerts() == [alert(updated_s=2)]


def test_a_frame_keeps_its_numbers_reasons_and_models(stores: PortStores) -> None:
    single = 0.1234567836165428  # a single-precision number, as every detector gives
    stores.scores.add(BatchResult(scores=(scores("gate", 4, sharpness=single, change_median=0.0, luma_mean=1e-12),)))
    (row,) = stores.scores.frames("gate", START, FOREVER)
    assert row.values == pytest.approx({"sharpness": single, "change_median": 0.0, "luma_mean": 1e-12}, rel=1e-8)
    assert row.missing == {"shift": "no picture before"}
    assert row.models == {"luma": "1"}
    assert row.ref == scores("gate", 4).ref


def test_a_frame_with_nothing_but_numbers_is_read_back(stores: PortStores) -> None:
    ref = replace(scores("gate", 4).ref, pts_s=None)
    stores.scores.add(
        BatchResult(scores=(FrameScores(ref, {"sharpness": 0.5}), FrameScores(replace(ref, sequence=5), {})))
    )
    first, second = stores.scores.frames("gate", START, FOREVER)
    assert (first.ref, first.values, first.missing, first.models) == (ref, {"sharpness": 0.5}, {}, {})
    assert (second.ref.sequence, second.values) == (5, {})


def test_words_with_signs_that_databases_read_are_kept(stores: PortStores) -> None:
    odd = "100 % of 'quotes' \"here\" %s %(x)s ? :name \\ ; -- nothing"
    letter = DeadLetter(odd, "s1", 1, START, odd)
    stores.scores.add(BatchResult(dead_letters=(letter,)))
    assert stores.scores.dead_letters() == [letter]


def test_a_number_that_is_none_does_not_keep_the_unit_from_being_stored(stores: PortStores) -> None:
    nothing = scores("gate", 1, sharpness=float("nan"), noise_sigma=2.0)
    stores.scores.add(BatchResult(scores=(nothing,)))
    assert stores.scores.frames("gate", START, FOREVER)[0].values["noise_sigma"] == 2.0


def test_frames_come_oldest_first_from_since_up_to_but_without_until(stores: PortStores) -> None:
    stores.scores.add(BatchResult(scores=tuple(scores("gate", each) for each in (3, 1, 2, 0))))
    stores.scores.add(BatchResult(scores=(scores("yard", 1),)))
    window = stores.scores.frames("gate", START + timedelta(seconds=1), START + timedelta(seconds=3))
    assert [row.ref.sequence for row in window] == [1, 2]
    assert [row.ref.sequence for row in stores.scores.frames("gate", START, FOREVER, limit=2)] == [0, 1]


def test_history_of_frames_is_the_frames_that_have_the_metric(stores: PortStores) -> None:
    stores.scores.add(
        BatchResult(
            scores=(scores("gate", 0, sharpness=0.5), scores("gate", 1, noise=1.0), scores("gate", 2, sharpness=0.25))
        )
    )
    points = stores.scores.history("gate", "sharpness", START, FOREVER, Resolution.FRAME)
    assert points == [
        ScorePoint(START, 0.5, 0.5, 0.5, 1),
        ScorePoint(START + timedelta(seconds=2), 0.25, 0.25, 0.25, 1),
    ]


def test_a_metric_that_does_not_exist_has_no_history(stores: PortStores) -> None:
    stores.scores.add(BatchResult(scores=(scores("gate", 0),)))
    stores.scores.roll_up(FOREVER)
    for metric in ("never measured", 'a"b', "$.x", "", "'; DROP TABLE frames; --"):
        for resolution in Resolution:
            found = stores.scores.history("gate", metric, START - timedelta(days=1), FOREVER, resolution)
            assert found == [], (metric, resolution)


def test_rollups_are_mean_least_greatest_and_count_of_each_span(stores: PortStores) -> None:
    seconds_and_values = [(0, 1.0), (30, 3.0), (61, 5.0), (3600, 7.0), (86400, 9.0)]
    stores.scores.add(
        BatchResult(
            scores=tuple(scores("gate", n, at_s=s, level=value) for n, (s, value) in enumerate(seconds_and_values))
        )
    )
    assert stores.scores.roll_up(START + timedelta(days=2)) == 5
    history = stores.scores.history
    assert history("gate", "level", START, FOREVER, Resolution.MINUTE) == [
        ScorePoint(START, 2.0, 1.0, 3.0, 2),
        ScorePoint(START + timedelta(minutes=1), 5.0, 5.0, 5.0, 1),
        ScorePoint(START + timedelta(hours=1), 7.0, 7.0, 7.0, 1),
        ScorePoint(START + timedelta(days=1), 9.0, 9.0, 9.0, 1),
    ]
    assert history("gate", "level", START, FOREVER, Resolution.HOUR) == [
        ScorePoint(START, 3.0, 1.0, 5.0, 3),
        ScorePoint(START + timedelta(hours=1), 7.0, 7.0, 7.0, 1),
        ScorePoint(START + timedelta(days=1), 9.0, 9.0, 9.0, 1),
    ]
    midnight = START.replace(hour=0)
    assert history("gate", "level", midnight, FOREVER, Resolution.DAY) == [
        ScorePoint(midnight, 4.0, 1.0, 7.0, 4),
        ScorePoint(midnight + timedelta(days=1), 9.0, 9.0, 9.0, 1),
    ]


def test_rolling_up_again_folds_nothing_and_changes_nothing(stores: PortStores) -> None:
    stores.scores.add(BatchResult(scores=tuple(scores("gate", each) for each in range(90))))
    stores.scores.roll_up(FOREVER)
    before = stores.scores.history("gate", "sharpness", START, FOREVER, Resolution.MINUTE)
    assert stores.scores.roll_up(FOREVER) == 0
    assert stores.scores.history("gate", "sharpness", START, FOREVER, Resolution.MINUTE) == before


def test_a_late_frame_joins_its_minute_hour_and_day(stores: PortStores) -> None:
    stores.scores.add(
        BatchResult(scores=(scores("gate", 0, at_s=0, level=1.0), scores("gate", 2, at_s=200, level=5.0)))
    )
    stores.scores.roll_up(FOREVER)
    stores.scores.add(BatchResult(scores=(scores("gate", 1, at_s=20, level=3.0),)))
    assert stores.scores.roll_up(FOREVER) > 0
    minute = stores.scores.history("gate", "level", START, START + timedelta(minutes=1), Resolution.MINUTE)
    assert minute == [ScorePoint(START, 2.0, 1.0, 3.0, 2)]
    hour = stores.scores.history("gate", "level", START, FOREVER, Resolution.HOUR)
    assert hour == [ScorePoint(START, 3.0, 1.0, 5.0, 3)]
    day = stores.scores.history("gate", "level", START - timedelta(days=1), FOREVER, Resolution.DAY)
    assert [(point.mean, point.count) for point in day] == [(3.0, 3)]


def test_a_unit_stored_again_after_its_rollup_counts_no_frame_twice(stores: PortStores) -> None:
    unit = BatchResult(scores=tuple(scores("gate", each) for each in range(10)))
    stores.scores.add(unit)
    stores.scores.roll_up(FOREVER)
    stores.scores.add(unit)
    stores.scores.roll_up(FOREVER)
    (point,) = stores.scores.history("gate", "sharpness", START, FOREVER, Resolution.HOUR)
    assert point.count == 10


def test_retention_deletes_old_frames_and_keeps_their_rollups(stores: PortStores) -> None:
    now = START + timedelta(days=9)
    stores.scores.add(BatchResult(scores=(scores("gate", 0), scores("gate", 1, at_s=8.9 * 86400))))
    assert stores.scores.retain(now)["frames"] == 1
    assert [row.ref.sequence for row in stores.scores.frames("gate", START, FOREVER)] == [1]
    rolled = stores.scores.history("gate", "sharpness", START, FOREVER, Resolution.MINUTE)
    assert [point.count for point in rolled] == [1, 1]


def test_a_frame_too_old_to_be_kept_goes_to_the_dead_letter_and_the_rest_is_stored(stores: PortStores) -> None:
    stores.scores.retain(START + timedelta(days=9))
    stores.scores.add(BatchResult(scores=(scores("gate", 0), scores("gate", 1, at_s=9 * 86400))))
    assert [row.ref.sequence for row in stores.scores.frames("gate", START, FOREVER)] == [1]
    (letter,) = stores.scores.dead_letters()
    assert (letter.stream_id, letter.sequence) == ("gate", 0)
    assert "received_at" in letter.reason


def test_verdict_changes_come_in_order_within_the_window(stores: PortStores) -> None:
    changes = tuple(
        VerdictChange("gate", Verdict(Fault.BLUR, state, "" if state is VerdictState.OK else "why", EVIDENCE), moment)
        for state, moment in (
            (VerdictState.NOT_ASSESSABLE, START),
            (VerdictState.OK, START + timedelta(seconds=10)),
            (VerdictState.FAULT, START + timedelta(seconds=20)),
        )
    )
    stores.scores.add(BatchResult(verdicts=changes))
    window = stores.scores.verdict_changes("gate", START, START + timedelta(seconds=20))
    assert tuple(window) == changes[:2]


def test_dead_letters_come_latest_first(stores: PortStores) -> None:
    letters = tuple(DeadLetter("gate", "s1", n, START + timedelta(seconds=n), f"reason {n}") for n in range(4))
    stores.scores.add(BatchResult(dead_letters=letters))
    assert [letter.sequence for letter in stores.scores.dead_letters(limit=2)] == [3, 2]


def test_a_unit_of_new_frames_and_of_some_that_are_there_adds_the_new_ones(stores: PortStores) -> None:
    stores.scores.add(BatchResult(scores=(scores("gate", 0), scores("gate", 1))))
    mixed = (scores("gate", 1), scores("gate", 2), scores("gate", 2), scores("yard", 0))
    stores.scores.add(BatchResult(scores=mixed, statuses=(status("gate", 2),)))
    assert [row.ref.sequence for row in stores.scores.frames("gate", START, FOREVER)] == [0, 1, 2]
    assert [row.ref.sequence for row in stores.scores.frames("yard", START, FOREVER)] == [0]
    assert [session.stream_id for session in stores.streams.sessions("gate")] == ["gate"]
