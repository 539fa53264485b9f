"""What a seed means: the same events in the same order at the same moments, and others for another round."""

from lab.bench.cluster.chaos.outages import OutageKind, plan_outages

KINDS = tuple(OutageKind)


def test_a_round_has_each_kind_once_with_moments_and_victims_in_bounds() -> None:
    events = plan_outages(7, 0, KINDS, workers=2)
    assert sorted(event.kind for event in events) == sorted(KINDS)
    assert all(0 <= event.pause_s <= 3 and 0 <= event.away_s <= 2 and event.worker in (0, 1) for event in events)


def test_a_seed_gives_the_same_round_again_and_another_seed_or_number_another_one() -> None:
    assert plan_outages(7, 3, KINDS, workers=2) == plan_outages(7, 3, KINDS, workers=2)
    assert plan_outages(7, 3, KINDS, workers=2) != plan_outages(7, 4, KINDS, workers=2)
    assert plan_outages(7, 3, KINDS, workers=2) != plan_outages(8, 3, KINDS, workers=2)
