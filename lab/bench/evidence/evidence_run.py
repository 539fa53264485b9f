"""All evidence by one command, in pieces that are kept: a run that was broken off goes on where it stopped.

Parts: `planted` faults on held-out clips, `real` cases, `healthy` hours, the simulated `fortnight`. Each piece is one
JSON file in a folder, made by a process of its own; the tables are added up from whatever pieces are there.
"""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from domain.errors import ConfigError
from domain.faults import Fault
from lab.bench.evidence import fortnight_run, healthy_hours, planted_faults, real_cases, road_cameras
from lab.bench.evidence.clips import ClipFile, find_clips
from lab.bench.evidence.current_practice import watch_clip
from lab.bench.evidence.evidence_tables import summarise
from lab.bench.evidence.fault_films import FaultFilm
from lab.bench.evidence.playback import build_scorer
from simulation.fault_injection import Strength
from simulation.fortnight.calendar import DAYS
from simulation.fortnight.camera import PLACES

DATA_VARIABLE = "SIGHTLINE_DATA"
HELD_OUT = ("one-by-one-person", "tud-campus", "tud-stadtmitte")
"""The clips on which no threshold was set."""


class EvidencePart(StrEnum):
    PLANTED = "planted"
    REAL = "real"
    HEALTHY = "healthy"
    FORTNIGHT = "fortnight"


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a short run leaves out. The defaults leave nothing out.

    `days` of the fortnight and of the webcam, `hours` of the fortnight in place of days, `faults` and `cameras` by
    name. `visit_s` is the time between visits, `models` whether the picture-fault model judges the fortnight.
    """

    days: int = DAYS
    hours: float | None = None
    faults: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    visit_s: float = fortnight_run.VISIT_S
    models: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    part: EvidencePart
    name: str
    make: Callable[[], Any]

    def path(self, folder: Path) -> Path:
        return folder / f"{self.part}-{self.name}.json"


def choose_parts(names: Collection[str]) -> tuple[EvidencePart, ...]:
    """Return the parts of these names, all where there is none. Raises `ConfigError` for another name."""
    _refuse_unknown("--part", names, list(EvidencePart))
    return tuple(part for part in EvidencePart if not names or part in names)


def run(
    folder: Path,
    *,
    parts: Collection[EvidencePart] = tuple(EvidencePart),
    data: Path | None = None,
    jobs: int | None = None,
    again: bool = False,
    reduction: Reduction | None = None,
) -> dict[str, Any]:
    """Make the pieces that are missing in `folder` and return the tables of all pieces of these parts.

    `data` is the folder of clips, by default that of SIGHTLINE_DATA; only the fortnight needs none. `again` makes every
    piece again. Raises `ConfigError` where a part's data are absent or a name is unknown.
    """
    chosen = data or (Path(os.environ[DATA_VARIABLE]) if DATA_VARIABLE in os.environ else None)
    folder.mkdir(parents=True, exist_ok=True)
    asked = reduction or Reduction()
    _refuse_unknown("--fault", asked.faults, planted_faults.PICTURE_FAULTS)
    _refuse_unknown("--camera", asked.cameras, [place.name for place in PLACES])
    wanted = list(find_pieces(parts, chosen, folder, asked))
    if not wanted:
        raise ConfigError(
            f"{chosen} holds none of the clips of {', '.join(parts)}: give the folder with clips/ and real/"
        )
    missing = [piece for piece in wanted if again or not piece.path(folder).exists()]
    _make_all(missing, folder, jobs or max(1, (os.cpu_count() or 2) - 1))
    found: dict[str, list[Any]] = {part: [] for part in parts}
    for piece in wanted:
        found[piece.part].append(json.loads(piece.path(folder).read_text(encoding="utf-8")))
    return summarise(found)


def _refuse_unknown(option: str, names: Collection[str], known: Collection[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f"{option}: there is no '{unknown[0]}'; take {', '.join(known)}")


def find_pieces(
    parts: Collection[EvidencePart], data: Path | None, folder: Path, reduction: Reduction
) -> Iterator[Piece]:
    """Yield the pieces of the parts; a short form's are named apart, so that it never passes for a whole one."""
    if data is None and set(parts) - {EvidencePart.FORTNIGHT}:
        raise ConfigError(f"the parts planted, real and healthy need clips: set {DATA_VARIABLE} to their folder")
    if data is not None:
        for part, pieces in (
            (EvidencePart.PLANTED, _planted_pieces),
            (EvidencePart.REAL, _real_pieces),
            (EvidencePart.HEALTHY, _healthy_pieces),
        ):
            if part in parts:
                yield from pieces(data, folder, reduction)
    if EvidencePart.FORTNIGHT in parts:
        yield from _fortnight_pieces(reduction)


def _planted_pieces(data: Path, folder: Path, reduction: Reduction) -> Iterator[Piece]:
    for clip in find_clips(data / "clips"):
        if clip.name not in HELD_OUT:
            continue
        for fault in planted_faults.PICTURE_FAULTS:
            if not reduction.faults or fault in reduction.faults:
                make = partial(plant_fault, clip.path, fault, folder / "films")
                yield Piece(EvidencePart.PLANTED, f"{clip.name}-{fault}", make)


def _real_pieces(data: Path, _folder: Path, _reduction: Reduction) -> Iterator[Piece]:
    for case in real_cases.find_cases(data):
        yield Piece(
            EvidencePart.REAL, case.name.replace(", ", "-").replace(" ", "-"), partial(real_cases.run_case, data, case)
        )
    stills = data / "real" / "road-cameras"
    if stills.is_dir():
        yield Piece(EvidencePart.REAL, "road-cameras", partial(road_cameras.run, stills))


def _healthy_pieces(data: Path, _folder: Path, reduction: Reduction) -> Iterator[Piece]:
    for path in healthy_hours.find_healthy(data):
        yield Piece(EvidencePart.HEALTHY, path.stem, partial(healthy_hours.run_clip, path))
    stills = data / healthy_hours.WEBCAM_DAYS
    if stills.is_dir():
        days = None if reduction.days >= DAYS else float(reduction.days)
        mark = "" if days is None else f"-{reduction.days}-days"
        yield Piece(
            EvidencePart.HEALTHY, "webcam-days" + mark, partial(healthy_hours.run_webcam_days, stills, days=days)
        )


def _fortnight_pieces(reduction: Reduction) -> Iterator[Piece]:
    length = f"{reduction.days}-days" if reduction.hours is None else f"{reduction.hours:g}-hours"
    mark = f"{length}-{reduction.visit_s:g}-s" + ("" if reduction.models else "-without-models")
    for number, place in enumerate(PLACES):
        if not reduction.cameras or place.name in reduction.cameras:
            make = partial(
                fortnight_run.run_camera,
                number,
                days=reduction.days,
                visit_s=reduction.visit_s,
                models=reduction.models,
                hours=reduction.hours,
            )
            yield Piece(EvidencePart.FORTNIGHT, f"{place.name}-{mark}", make)


def plant_fault(path: Path, fault: Fault, films: Path) -> dict[str, Any]:
    """Return one fault planted on one clip at three strengths, and what today's checks raise of the same films."""
    films.mkdir(parents=True, exist_ok=True)
    (clip,) = find_clips(path)
    by = build_scorer()
    runs = []
    for strength in Strength:
        run = planted_faults.run_planted(clip, fault, strength, films, by)
        runs.append({**asdict(run), "today": _practice_on_film(clip, fault, strength, films)})
    return {"clip": clip.name, "runs": runs}


def _practice_on_film(clip: ClipFile, fault: Fault, strength: Strength, films: Path) -> Mapping[str, float]:
    film = FaultFilm(clip, fault, strength)
    raised = watch_clip(film.camera(film.film(films))).raised
    onset_s = film.warm_up_s
    return {name: min(times) - onset_s for name, times in raised.items()}


def _make_all(pieces: Sequence[Piece], folder: Path, jobs: int) -> None:
    if jobs == 1 or len(pieces) < 2:
        for piece in pieces:
            _make(piece, folder)
        return
    with ProcessPoolExecutor(min(jobs, len(pieces)), mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(_make, piece, folder) for piece in pieces]):
            done.result()


def _make(piece: Piece, folder: Path) -> None:
    """Make one piece and put it into place at once, so that a broken run leaves no half of it."""
    import torch  # noqa: PLC0415 - threads are set in the piece's own process

    torch.set_num_threads(1)
    made = json.dumps({"piece": _name_of(piece), **piece.make()})
    part = piece.path(folder).with_suffix(".part")
    part.write_text(made, encoding="utf-8")
    part.replace(piece.path(folder))


def _name_of(piece: Piece) -> dict[str, str]:
    return {"part": piece.part.value, "name": piece.name}
