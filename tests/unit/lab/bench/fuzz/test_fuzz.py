"""The fuzzer finds each kind of harm, keeps the input that did it, and gives the same inputs from the same seed."""

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lab.bench.fuzz.campaign import FuzzBudget, run
from lab.bench.fuzz.feeder_process import FuzzSlice
from lab.bench.fuzz.mutations import LONGEST_INPUT, mutate
from lab.bench.fuzz.target import EntryPoint, Target


def command(work: FuzzSlice) -> Sequence[str]:
    return (sys.executable, str(Path(__file__).with_name("fuzz_process.py")), *work.words())


def unopened() -> EntryPoint:
    raise AssertionError("only the child process opens the door")


def target(name: str) -> Target:
    return Target(name, unopened, deadline_s=0.5 if name == "hang" else 60.0, memory_bytes=200 << 20)


@pytest.mark.parametrize(
    ("harm", "counted"), [("crash", "crashes"), ("hang", "hangs"), ("grow", "over_memory"), ("err", "errors")]
)
def test_each_harm_is_counted_and_its_input_is_kept(harm: str, counted: str, tmp_path: Path) -> None:
    result = run([target(harm)], command, FuzzBudget(minutes=1.0, most=1, seed=3), tmp_path)

    assert result[counted] == 1
    assert not result["clean"]
    (kept,) = result["targets"][harm]["findings"]
    assert (tmp_path / f"{kept}.bin").exists()


def test_a_refusal_is_in_order(tmp_path: Path) -> None:
    result = run([target("refuse")], command, FuzzBudget(minutes=1.0, most=50, seed=3), tmp_path)

    assert result["clean"]
    assert result["targets"]["refuse"]["outcomes"] == {"FrameRejected": 50}
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_was_never_fed_is_not_clean(tmp_path: Path) -> None:
    result = run([target("refuse")], command, FuzzBudget(minutes=0.0, most=50, seed=3), tmp_path)

    assert result["inputs"] == 0
    assert not result["clean"]


def test_the_seed_decides_every_input() -> None:
    seeds = [b"GET / HTTP/1.1\r\n\r\n", bytes(range(256))]

    def inputs(seed: int) -> list[bytes]:
        chance = random.Random(seed)
        return [mutate(chance.choice(seeds), seeds, chance) for _ in range(200)]

    assert inputs(1) == inputs(1)
    assert inputs(1) != inputs(2)
    assert len(set(inputs(1))) > 190
    assert max(len(each) for each in inputs(1)) <= LONGEST_INPUT
