"""Every fault planted at three strengths: is it raised, under its right name, how soon; and what healthy runs raise.

Pictures and encoders' faults go through the real path: painted, coded by x264, read by ingest, scored, judged by the
clip policy, whose alerts wait for the verdict only. Connection faults are scripted statuses.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from domain.cameras import Camera
from domain.faults import Fault
from evaluation.policy import Policy
from lab.bench.evidence.clips import ClipFile, find_clips
from lab.bench.evidence.fault_films import FaultFilm
from lab.bench.evidence.playback import PlaybackResult, build_scorer, evaluate_playback, play_clip
from lab.bench.evidence.scripted_connections import GRADED, SCRIPTS, WARM_UP_S, script_fault
from simulation.fault_injection import FAULT_INJECTORS, Strength
from simulation.films.film import Film, Take, write_film
from simulation.films.scenes import SCENES
from workers.frame_scoring.frame_scorer import FrameScorer

PICTURE_FAULTS: tuple[Fault, ...] = (*FAULT_INJECTORS, Fault.BITRATE_STARVED)
POISSON_ZERO = 3.0
"""Upper 95 % bound of a Poisson mean where nothing was counted: -ln 0.05."""
_OWN_SCENES = ("gate", "garden")
_OWN_SECONDS = 20


@dataclass(frozen=True, slots=True)
class PlantedRun:
    """What became of one planted fault. `before` was reported of the healthy part; `why_not` says why it was not
    judged.
    """

    clip: str
    fault: str
    strength: str
    raised: bool
    headline: str
    right_headline: bool
    delay_s: float | None
    before: tuple[str, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class HealthyRun:
    """What was reported of a clip as it is."""

    clip: str
    false_alarms: tuple[str, ...]
    seconds: float
    assessable: float


def run(
    *, clips: Path | None = None, faults: Iterable[Fault] = (*PICTURE_FAULTS, *SCRIPTS), cache: Path | None = None
) -> dict[str, Any]:
    """Return the fault table of a folder of clips, or of films made here; `cache` keeps what was coded."""
    chosen = tuple(faults)
    with tempfile.TemporaryDirectory(prefix="sightline-faults-") as temporary:
        folder = cache or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found: list[PlantedRun] = []
        healthy: list[HealthyRun] = []
        by = build_scorer()
        for clip in find_clips(clips or _make_own_films(folder)):
            healthy.append(_run_healthy(clip, by))
            found.extend(run_planted(clip, fault, strength, folder, by) for fault, strength in _pairs(chosen))
    found.extend(
        _run_scripted(fault, strength) for fault in SCRIPTS if fault in chosen for strength in _strengths(fault)
    )
    return {
        "faults": summarise_runs(found),
        "false_alarms": bound_false_alarms(healthy),
        "clean": [asdict(each) for each in healthy],
        "runs": [asdict(each) for each in found],
    }


def summarise_runs(found: Sequence[PlantedRun]) -> list[dict[str, Any]]:
    """Return one row a fault and strength: how many runs, raised, rightly named, the median and greatest delay."""
    rows = []
    for fault, strength in dict.fromkeys((each.fault, each.strength) for each in found):
        runs = [each for each in found if (each.fault, each.strength) == (fault, strength)]
        delays = [each.delay_s for each in runs if each.delay_s is not None]
        rows.append(
            {
                "fault": fault,
                "strength": strength,
                "runs": len(runs),
                "raised": sum(each.raised for each in runs),
                "right_headline": sum(each.right_headline for each in runs),
                "median_delay_s": median(delays) if delays else None,
                "greatest_delay_s": max(delays, default=None),
            }
        )
    return rows


def bound_false_alarms(healthy: Sequence[HealthyRun]) -> dict[str, Any]:
    """Return the false alarms of healthy runs and their rate a camera-hour, with its upper 95 % bound.

    The bound is Poisson's, 3/hours where none was counted; beyond none, the count plus 1.96 of its roots plus 3.
    """
    hours = sum(each.seconds for each in healthy) / 3600
    count = sum(len(each.false_alarms) for each in healthy)
    most = POISSON_ZERO if count == 0 else count + 1.96 * count**0.5 + POISSON_ZERO
    return {
        "runs": len(healthy),
        "camera_hours": hours,
        "count": count,
        "per_camera_hour_upper_95": most / hours if hours else None,
    }


def _pairs(faults: Sequence[Fault]) -> list[tuple[Fault, Strength]]:
    return [(fault, strength) for fault in PICTURE_FAULTS if fault in faults for strength in Strength]


def _strengths(fault: Fault) -> tuple[Strength, ...]:
    return tuple(Strength) if fault in GRADED else (Strength.SEVERE,)


def run_planted(clip: ClipFile, fault: Fault, strength: Strength, folder: Path, by: FrameScorer) -> PlantedRun:
    """Return what became of one fault on one clip; the film is kept in `folder`."""
    planted = FaultFilm(clip, fault, strength)
    path = planted.film(folder)
    camera = planted.camera(path)
    answer = evaluate_playback(play_clip(camera, by), camera, _policy(planted.warm_up_s))
    return _build_planted_run(clip.name, fault, strength, answer, onset_s=planted.warm_up_s)


def _policy(warm_up_s: float) -> Policy:
    """Return the clips' policy; where bitrate counts, its baseline waits until a bitrate is known."""
    usual = Policy.for_clips()
    return replace(usual, provisional_s=warm_up_s - 2.0) if warm_up_s > 10 else usual


def _run_scripted(fault: Fault, strength: Strength) -> PlantedRun:
    answer = evaluate_playback(script_fault(fault, strength), Camera("script", "script"), _policy(WARM_UP_S))
    return _build_planted_run("script", fault, strength, answer, onset_s=WARM_UP_S)


def _build_planted_run(
    clip: str, fault: Fault, strength: Strength, answer: PlaybackResult, *, onset_s: float
) -> PlantedRun:
    at_s = answer.fired.get(fault)
    raised = at_s is not None and at_s >= onset_s
    return PlantedRun(
        clip=clip,
        fault=fault,
        strength=strength,
        raised=raised,
        headline=answer.headline or "",
        right_headline=raised and answer.headline is fault,
        delay_s=at_s - onset_s if raised and at_s is not None else None,
        before=tuple(other for other, when in answer.fired.items() if when < onset_s),
        why_not=answer.not_assessable.get(fault, "") if not raised else "",
    )


def _run_healthy(clip: ClipFile, by: FrameScorer) -> HealthyRun:
    camera = Camera(clip.name, str(clip.path))
    answer = evaluate_playback(play_clip(camera, by), camera, Policy.for_clips())
    return HealthyRun(clip.name, tuple(answer.fired), answer.seconds, answer.assessable)


def _make_own_films(folder: Path) -> Path:
    """Return a folder of films made from photographs, for a machine without clips."""
    films = folder / "clips"
    films.mkdir(exist_ok=True)
    clock = datetime.fromisoformat("2026-01-01T12:00:00+00:00")
    for name in _OWN_SCENES:
        path = films / f"{name}.mp4"
        if not path.exists():
            write_film(Film(SCENES[name], (Take(_OWN_SECONDS),), clock, seed=1), path)
    return films


def as_table(found: Mapping[str, Any]) -> str:
    """Return the summary as a Markdown table: raised and rightly named of runs, and the median delay."""
    lines = ["| fault | strength | raised | right headline | median delay s |", "|---|---|---|---|---|"]
    for row in found["faults"]:
        delay = "" if row["median_delay_s"] is None else f"{row['median_delay_s']:.1f}"
        lines.append(
            f"| {row['fault']} | {row['strength']} | {row['raised']}/{row['runs']} "
            f"| {row['right_headline']}/{row['runs']} | {delay} |"
        )
    return "\n".join(lines)
