"""Kills are written down one by one, read again, and summed up with every promise that was not kept."""

from pathlib import Path

from lab.bench.endurance.kills.kill_records import Kill, Victim, append_kill, read_kills, summary
from lab.bench.endurance.kills.kill_run import plan_kills


def _kill(number: int, victim: Victim, recovered_s: float | None, *, lost: int = 0, doubled: int = 0) -> Kill:
    return Kill(number, victim, "while it ran", recovered_s, lost, doubled, ())


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    record = tmp_path / "kills.jsonl"
    kills = [_kill(0, Victim.RUN, 4.0), _kill(1, Victim.BROKER, None)]
    for each in kills:
        append_kill(record, 7, each)
    append_kill(record, 8, _kill(2, Victim.RUN, 1.0))
    with record.open("a") as file:
        file.write('{"seed": 7, "number": 3, "vic')
    assert read_kills(record, 7) == kills


def test_every_frame_lost_or_doubled_and_every_kill_not_recovered_from_is_a_broken_promise() -> None:
    kills = [
        _kill(0, Victim.RUN, 4.0),
        _kill(1, Victim.RUN, 6.0, lost=2),
        _kill(2, Victim.REDIS, 1.0, doubled=1),
        _kill(3, Victim.CUT, None),
    ]
    found = summary(1, kills, ["the end went wrong"])
    assert found["broken"] == [
        "kill 1 (run, while it ran): 2 frames lost",
        "kill 2 (redis, while it ran): 1 frames doubled",
        "kill 3 (cut, while it ran): not all was well again in time",
        "the end went wrong",
    ]
    assert (found["lost"], found["doubled"]) == (2, 1)
    assert found["recovery"]["run"] == {"n": 2, "recovered": 2, "p50_s": 5.0, "p95_s": 5.9, "max_s": 6.0}
    assert found["recovery"]["cut"] == {"n": 1, "recovered": 0}


def test_the_plan_gives_run_its_share_and_the_rest_in_turn() -> None:
    planned = plan_kills(300)
    assert len(planned) == 300
    assert planned.count(Victim.RUN) == 120
    counts = {victim: planned.count(victim) for victim in Victim if victim not in (Victim.RUN, Victim.READER)}
    assert set(counts.values()) <= {16, 17}
    assert plan_kills(3, [Victim.BROKER]) == (Victim.BROKER,) * 3
    assert plan_kills(2, [Victim.RUN]) == (Victim.RUN,) * 2
