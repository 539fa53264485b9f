"""The process that feeds one target: it notes each input where its parent can read it after a crash or a hang."""

import contextlib
import hashlib
import json
import mmap
import random
import resource
import struct
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.bench.fuzz.mutations import LONGEST_INPUT, mutate
from lab.bench.fuzz.target import EntryPoint, Target

HEAD = struct.Struct("<QdQ")
"""Inputs done, when the present one began (monotonic seconds, 0 between two), its length; the input follows."""
NOTE_BYTES = HEAD.size + LONGEST_INPUT
MOST_FINDINGS = 20


@dataclass(frozen=True, slots=True)
class FuzzSlice:
    """What one process does: feed a target for `seconds`, `most` inputs at most. `scratch` holds note and result."""

    target: str
    seed: int
    seconds: float
    most: int
    folder: Path
    scratch: Path

    @property
    def note(self) -> Path:
        return self.scratch / "note"

    @property
    def result(self) -> Path:
        return self.scratch / "result.json"

    def words(self) -> tuple[str, ...]:
        """Return the slice as words of a command line; `from_words` reads them."""
        return (self.target, str(self.seed), str(self.seconds), str(self.most), str(self.folder), str(self.scratch))

    @staticmethod
    def from_words(words: Sequence[str]) -> "FuzzSlice":
        target, seed, seconds, most, folder, scratch = words
        return FuzzSlice(target, int(seed), float(seconds), int(most), Path(folder), Path(scratch))


class InputNote:
    """A file shared with the parent, because a process that crashes says nothing any more."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), NOTE_BYTES)

    @staticmethod
    def create(path: Path) -> "InputNote":
        with path.open("wb") as file:
            file.truncate(NOTE_BYTES)
        return InputNote(path)

    def begin(self, done: int, data: bytes) -> None:
        self._map[HEAD.size : HEAD.size + len(data)] = data
        HEAD.pack_into(self._map, 0, done, time.monotonic(), len(data))

    def end(self, done: int) -> None:
        HEAD.pack_into(self._map, 0, done, 0.0, 0)

    def read(self) -> tuple[int, float, bytes]:
        """Return inputs done, seconds the present one has taken (0 between two), and the present one."""
        done, began_s, length = HEAD.unpack_from(self._map)
        running_s = time.monotonic() - began_s if began_s else 0.0
        return done, running_s, bytes(self._map[HEAD.size : HEAD.size + length])


def save_input(folder: Path, target: str, kind: str, data: bytes, text: str) -> str:
    """Keep an input and what it did; return the file's name, which its content decides."""
    name = f"{target}-{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
    (folder / f"{name}.bin").write_bytes(data)
    (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return name


def feed_slice(target: Target, work: FuzzSlice) -> dict[str, Any]:
    """Feed `target` until time or count is over; return inputs, refusals by class, and what was unforeseen."""
    chance = random.Random(f"{target.name}/{work.seed}")
    note = InputNote(work.note)
    entry_point = target.opens()
    refused: Counter[str] = Counter()
    findings: dict[str, str] = {}
    done, slowest_s = 0, 0.0
    until_s = time.monotonic() + work.seconds
    try:
        while done < work.most and time.monotonic() < until_s and len(findings) < MOST_FINDINGS:
            data = mutate(chance.choice(entry_point.seeds), entry_point.seeds, chance)
            note.begin(done, data)
            began_s = time.monotonic()
            outcome, trace = _outcome(entry_point, data)
            slowest_s = max(slowest_s, time.monotonic() - began_s)
            done += 1
            note.end(done)
            refused[outcome] += 1
            if trace and outcome not in findings:
                findings[outcome] = save_input(work.folder, target.name, "error", data, trace)
    finally:
        entry_point.close()
    return {
        "inputs": done,
        "outcomes": dict(refused.most_common()),
        "findings": findings,
        "slowest_s": round(slowest_s, 3),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _outcome(entry_point: EntryPoint, data: bytes) -> tuple[str, str]:
    """Return the outcome's name and, for what nobody foresaw, its traceback."""
    try:
        entry_point.feed(data)
    except entry_point.refusals as error:
        return type(error).__name__, ""
    except Exception as error:  # noqa: BLE001 - a fuzzer is there for whatever comes
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}", traceback.format_exc()
    return "taken", ""


def write_result(path: Path, result: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        path.write_text(json.dumps(result), encoding="utf-8")
