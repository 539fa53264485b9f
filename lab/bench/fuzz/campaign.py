"""Feeds all targets in processes of their own, and says what crashed, hung, leaked or was unforeseen."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from lab.bench.fuzz.feeder_process import MOST_FINDINGS, FuzzSlice, InputNote, save_input
from lab.bench.fuzz.target import Target

LOOK_EVERY_S = 0.1
LEAST_S = 0.5
START_S = 300.0
"""What a process may take before its first input: it imports torch and makes its films, on a busy machine too."""

Command = Callable[[FuzzSlice], Sequence[str]]
"""A slice of work to the command line of the process that does it."""


@dataclass(slots=True)
class TargetTally:
    """One target's result over all its processes."""

    inputs: int = 0
    crashes: int = 0
    hangs: int = 0
    over_memory: int = 0
    errors: int = 0
    slowest_s: float = 0.0
    peak_bytes: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.crashes or self.hangs or self.over_memory or self.errors) and self.inputs > 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "inputs": self.inputs,
            "crashes": self.crashes,
            "hangs": self.hangs,
            "over_memory": self.over_memory,
            "errors": self.errors,
            "slowest_s": self.slowest_s,
            "peak_mib": self.peak_bytes >> 20,
            "outcomes": self.outcomes,
            "findings": self.findings,
        }


@dataclass(frozen=True, slots=True)
class FuzzBudget:
    """How much is fed: `minutes` over all targets, `most` inputs a target, `at_once` processes side by side."""

    minutes: float
    most: int
    seed: int
    at_once: int = 2


def run(targets: Sequence[Target], command: Command, budget: FuzzBudget, folder: Path) -> dict[str, Any]:
    """Feed each target for its share of the time; `folder` keeps the inputs that did harm."""
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(budget.at_once) as pool:
        seconds = 60.0 * budget.minutes * budget.at_once / len(targets)
        futures = {
            target.name: pool.submit(_feed_target, target, command, budget, seconds, folder) for target in targets
        }
        tallies = {name: future.result() for name, future in futures.items()}
    return _summary(tallies, budget.seed)


def _summary(tallies: Mapping[str, TargetTally], seed: int) -> dict[str, Any]:
    whole = {
        name: sum(getattr(tally, name) for tally in tallies.values())
        for name in ("inputs", "crashes", "hangs", "over_memory", "errors")
    }
    return {
        "seed": seed,
        **whole,
        "clean": all(tally.clean for tally in tallies.values()),
        "targets": {name: tally.as_dict() for name, tally in tallies.items()},
    }


def _feed_target(target: Target, command: Command, budget: FuzzBudget, seconds: float, folder: Path) -> TargetTally:
    """Start a process after each one that ended early, with another seed, until the time is over."""
    tally = TargetTally()
    until_s = time.monotonic() + seconds
    attempt = 0
    while (left_s := until_s - time.monotonic()) > LEAST_S and len(tally.findings) < MOST_FINDINGS:
        left = budget.most - tally.inputs
        if left <= 0:
            break
        with tempfile.TemporaryDirectory(prefix="sightline-fuzz-") as scratch:
            work = FuzzSlice(target.name, budget.seed * 1000 + attempt, left_s, left, folder, Path(scratch))
            _run_slice(target, command(work), work, tally)
        attempt += 1
    return tally


def _run_slice(target: Target, line: Sequence[str], work: FuzzSlice, tally: TargetTally) -> None:
    note = InputNote.create(work.note)
    error_path = work.scratch / "stderr"
    with error_path.open("wb") as errors:
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        fate, peak_bytes = _watch(process, target, note)
    done, _, data = note.read()
    tally.peak_bytes = max(tally.peak_bytes, peak_bytes)
    if fate or process.returncode != 0:
        tally.inputs += done + 1
        kind = fate or "crashes"
        setattr(tally, kind, getattr(tally, kind) + 1)
        text = f"{kind}, exit {process.returncode}\n" + error_path.read_text(errors="replace")[-4000:]
        tally.findings.append(save_input(work.folder, target.name, kind, data, text))
        return
    _add(tally, json.loads(work.result.read_text(encoding="utf-8")))


def _add(tally: TargetTally, result: Mapping[str, Any]) -> None:
    tally.inputs += result["inputs"]
    tally.slowest_s = max(tally.slowest_s, result["slowest_s"])
    tally.peak_bytes = max(tally.peak_bytes, result["peak_bytes"])
    for outcome, count in result["outcomes"].items():
        tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + count
    tally.errors += len(result["findings"])
    tally.findings += result["findings"].values()


def _watch(process: subprocess.Popen[bytes], target: Target, note: InputNote) -> tuple[str, int]:
    """Return "" when the process ended by itself, else which bound it broke; and its largest memory seen."""
    began_s, peak_bytes = time.monotonic(), 0
    started = False
    while process.poll() is None:
        time.sleep(LOOK_EVERY_S)
        done, running_s, _ = note.read()
        started = started or done > 0 or running_s > 0
        try:
            peak_bytes = max(peak_bytes, psutil.Process(process.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            continue
        slow = running_s > target.deadline_s or (not started and time.monotonic() - began_s > START_S)
        if slow or peak_bytes > target.memory_bytes:
            process.kill()
            process.wait()
            return ("hangs" if slow else "over_memory"), peak_bytes
    return "", peak_bytes
