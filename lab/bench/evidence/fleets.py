"""Fleets of made cameras, some of them faulty: what `evaluation/fleet.py` finds of these, and calls of the others."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.faults import Fault
from evaluation.alerting.root_cause import root_causes
from evaluation.fleet import compare_cameras
from lab.bench.evidence.fleet_pictures import (
    KINDS,
    LOOKS,
    SITES,
    MadeCamera,
    build_fleet_scorer,
    draw_sites,
    load_sites,
)

SHAPES: Sequence[tuple[int, int]] = ((8, 0), (8, 1), (20, 0), (20, 1), (20, 2), (50, 0), (50, 5), (200, 0), (200, 20))
"""Cameras of a fleet, and how many of them have a planted fault."""
CAMERAS = 6000
"""Judged of each shape, about."""
BRIGHTEST = 0.8
"""Mean luma up to which a made camera counts as healthy: exposure control lets no camera's picture go so near white."""
RIGHT: Mapping[str, frozenset[Fault]] = {
    **dict.fromkeys(("wet_dome", "wet_film", "condensation", "defocus"), frozenset({Fault.BLUR, Fault.LOW_CONTRAST})),
    "fog": frozenset({Fault.LOW_CONTRAST}),
    "burnt_out": frozenset({Fault.TOO_BRIGHT}),
    **dict.fromkeys(("leak", "tint", "neutral_tint"), frozenset({Fault.IR_CUT})),
    "noise": frozenset({Fault.NOISE}),
}
"""The headlines that fit what was planted; of the others none does."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Cameras that see one hour: of one site, or of several of the same look."""

    cameras: Sequence[MadeCamera]

    @property
    def measured(self) -> Mapping[str, Mapping[str, float]]:
        return {str(place): camera.numbers for place, camera in enumerate(self.cameras)}


def run(data: Path, folder: Path) -> dict[str, Any]:
    """Measure the sites that `folder` lacks, and return what is found in fleets of them, by half of the photographs."""
    by = build_fleet_scorer()
    draw_sites(data, folder, by)
    sites = load_sites(folder)
    return {
        "chosen_on": count_calls({number: site for number, site in sites.items() if number < SITES}),
        "held_out": count_calls({number: site for number, site in sites.items() if number >= SITES}),
    }


def draw_fleets(
    sites: Mapping[int, Sequence[MadeCamera]], count: int, faulty: int, fleets: int, seed: int
) -> Iterator[Fleet]:
    """Fleets of `count` cameras, `faulty` of them with a planted fault; a third are of several sites of one look.

    Fleets larger than a site are always of several; of a look with too few cameras there are none.
    """
    rng = np.random.default_rng((43, seed, count, faulty))
    numbers = sorted(sites)
    for _ in range(fleets):
        first = int(rng.choice(numbers))
        chosen = [first]
        if rng.random() < 1 / 3 or count > sum(_is_healthy(camera) for camera in sites[first]):
            chosen = [number for number in numbers if LOOKS[number % len(LOOKS)] == LOOKS[first % len(LOOKS)]]
        pool = [camera for number in chosen for camera in sites[number]]
        healthy = [camera for camera in pool if _is_healthy(camera)]
        planted = [camera for camera in pool if camera.fault and camera.plain]
        if len(healthy) < count - faulty or len(planted) < faulty:
            continue
        kept = [healthy[i] for i in rng.choice(len(healthy), count - faulty, replace=False)]
        bad = [planted[i] for i in rng.choice(len(planted), faulty, replace=False)]
        yield Fleet([*kept, *bad])


def count_calls(sites: Mapping[int, Sequence[MadeCamera]], cameras: int = CAMERAS, seed: int = 0) -> dict[str, Any]:
    """Return calls of healthy cameras by fleet, and of planted faults by kind and how plain they are.

    About `cameras` are judged of each shape.
    """
    fleets, kinds = [], Counter[tuple[str, bool, str]]()
    falsely: Counter[str] = Counter()
    odd: set[int] = set()
    for count, faulty in SHAPES:
        healthy = called = 0
        for fleet in draw_fleets(sites, count, faulty, max(1, cameras // count), seed):
            found = compare_cameras(fleet.measured)
            for place, camera in enumerate(fleet.cameras):
                faults = root_causes([one.fault for one in found.get(str(place), ())])
                headline = faults[0].value if faults else ""
                if camera.fault:
                    right = any(fault in RIGHT.get(camera.fault, ()) for fault in faults[:1])
                    kinds[camera.fault, camera.plain == 1, "right" if right else "other" if headline else ""] += 1
                    continue
                healthy += 1
                called += bool(headline)
                if headline:
                    falsely[headline] += 1
                    odd.add(id(camera))
        fleets.append({"cameras": count, "faulty": faulty, "healthy": healthy, "healthy_called": called})
    return {
        "sites": len(sites),
        "healthy_cameras": sum(_is_healthy(camera) for site in sites.values() for camera in site),
        "different_healthy_called": len(odd),
        "fleets": fleets,
        "false_headlines": dict(falsely),
        "kinds": [_kind(kinds, kind, plain=plain) for kind in KINDS for plain in (True, False)],
    }


def _is_healthy(camera: MadeCamera) -> bool:
    return not camera.fault and camera.numbers["luma_mean"] <= BRIGHTEST


def _kind(counted: Mapping[tuple[str, bool, str], int], kind: str, *, plain: bool) -> dict[str, Any]:
    right, other, missed = (counted[kind, plain, called] for called in ("right", "other", ""))
    return {"kind": kind, "plain": plain, "n": right + other + missed, "right": right, "other": other}


def as_table(found: dict[str, Any]) -> str:
    """Return what `run` found as text."""
    lines = []
    for name, half in found.items():
        lines.append(
            f"{name}: {half['sites']} sites, {half['healthy_cameras']} healthy cameras,"
            f" {half['different_healthy_called']} of them called in some fleet {half['false_headlines']}"
        )
        shape = "  {cameras} cameras, {faulty} faulty: {healthy_called} of {healthy} healthy called"
        lines += [shape.format(**row) for row in half["fleets"]]
        for row in half["kinds"]:
            if row["n"]:
                plain = "plain" if row["plain"] else "slight"
                lines.append(f"  {row['kind']} {plain}: {row['right']} right and {row['other']} other of {row['n']}")
    return "\n".join(lines)
