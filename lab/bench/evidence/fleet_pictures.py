"""Made sites: cameras of one maker under one sky, each with its numbers, healthy or with one planted fault.

A site is a look (daylight, grey daylight, dusk, lamplight …), a size, cameras of three makers and, at some, fog over
all. Its cameras are photographs with a sky, taken as the picture-fault model's training takes them. What they measure
is kept; the pictures are not. Sites of training photographs choose the bounds of `evaluation/fleet.py`, those of the
photographs held out test them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import torch
from av.video.reformatter import VideoReformatter

from detectors.metrics.measure import choose_metrics, measure_picture
from detectors.models.model_status import check_models
from detectors.registry import build_detectors
from domain.frames import Frame, FrameRef
from evaluation.fleet import PIXELS
from ingest.decode.decoded_frame import extract_planes
from lab.training.datasets.photographs import biq2021
from lab.training.picture_faults import lens
from lab.training.picture_faults.camera import Taken, take
from lab.training.picture_faults.faults import Truth
from lab.training.picture_faults.light import Pixels
from lab.training.picture_faults.photographs import choose_skies, detailed_share
from lab.training.picture_faults.sensor import Processing
from lab.training.pictures import decode_picture
from lab.training.samples import TRAIN, VALIDATION
from workers.frame_scoring.frame_scorer import FrameScorer

NAME = "camera"
MODELS = ("picture_faults", "saliency_iqa")
SITES, HELD_OUT_SITES = 20, 10
"""Of training photographs, and of photographs held out."""
HEALTHY = 40
PLANTED = 2
"""Cameras of a site without a fault, and with each kind of fault."""
LOOKS = (
    *("day", "overcast", "day", "white sky", "overcast", "dusk"),
    *("day", "night", "overcast", "day", "infrared", "snow"),
)
"""The sites' looks, one after another."""
FOGGY = 9
"""Every ninth site lies in fog."""
SIZES = ((352, 288), (352, 288), (320, 240), (448, 252), (640, 480))
KINDS: Mapping[str, str] = {
    **{"defocus": "defocus", "wet_dome": "condensation", "wet_film": "condensation", "condensation": "condensation"},
    **{"fog": "fog", "burnt_out": "burnt_out", "leak": "purple", "tint": "purple", "neutral_tint": "purple"},
    **{"cast": "colour_cast", "too_dark": "too_dark", "noise": "noise"},
}
"""What is planted, and the kind of truth that says how plain it is."""
DEEP = 0.5
"""Share of a photograph's blocks that hold detail: a camera's lens shows everything sharp."""
PURPLE = 0.12
"""Share of a photograph that is purple, a flower or an evening's sky: at one hour a site has one sky."""
COLOUR = choose_metrics(("colour",))
SHARES = (0.7, 0.15, 0.15)
"""Of a site's cameras, by maker."""
BY_DAY = frozenset({"burnt_out", "leak", "tint", "neutral_tint", "cast"})
DARK = frozenset({"night", "infrared"})


@dataclass(frozen=True, slots=True)
class MadeCamera:
    """One camera's numbers. `fault`: what was planted, or ""; `plain`: 1 plain, -1 slight, 0 too little to see."""

    site: int
    fault: str
    plain: float
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class MadeSite:
    """What all cameras of a site share."""

    number: int
    look: str
    size: tuple[int, int]
    foggy: bool
    processors: Sequence[Processing] = field(repr=False)

    @staticmethod
    def draw(number: int) -> "MadeSite":
        rng = np.random.default_rng((41, number))
        return MadeSite(
            number=number,
            look=LOOKS[number % len(LOOKS)],
            size=SIZES[number % len(SIZES)],
            foggy=number % FOGGY == FOGGY - 1,
            processors=[Processing.draw(rng) for _ in SHARES],
        )


def draw_site(photographs: Sequence[Path], number: int, by: FrameScorer) -> Iterator[MadeCamera]:
    """The cameras of site `number`, from (number) alone."""
    site, rng = MadeSite.draw(number), np.random.default_rng((42, number))
    kinds = [kind for kind in KINDS if not (site.look in DARK and kind in BY_DAY)]
    faults = [""] * HEALTHY + kinds * PLANTED
    scenes = rng.choice(len(photographs), len(faults), replace=len(photographs) < len(faults))
    for fault, scene in zip(faults, scenes, strict=True):
        one = decode_picture(photographs[int(scene)])
        other = decode_picture(photographs[int(rng.integers(len(photographs)))])
        if site.foggy:
            one = _add_fog(one, rng)
        kind = int(rng.choice(len(SHARES), p=SHARES))
        how = Taken(
            site.size,
            site.look,
            (fault,) if fault else (),
            processing=site.processors[kind],
            maker=100 * number + kind,
        )
        truth = Truth()
        shot = take(one, other, how, rng, truth)
        yield MadeCamera(number, fault, truth.targets.get(KINDS.get(fault, ""), 0.0), measure(shot.picture, by))


def _add_fog(photograph: Pixels, rng: np.random.Generator) -> Pixels:
    light = np.asarray((photograph / 255) ** 2.2, np.float32)
    veiled = lens.fog(light, Truth(), rng)
    return np.asarray(np.clip(veiled, 0, 1) ** (1 / 2.2) * 255, np.uint8)


def measure(picture: Pixels, by: FrameScorer) -> Mapping[str, float]:
    """What the product measures of a picture (H, W, 3), and its size in pixels."""
    scores = by.score([_frame(picture)]).scores[0]
    by.forget(NAME)
    return {**scores.values, PIXELS: float(scores.width * scores.height)}


def _frame(picture: Pixels) -> Frame:
    made = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="yuvj420p")
    described, planes = extract_planes(made, VideoReformatter())
    return Frame(FrameRef(NAME, "made", 0, None, datetime.now(UTC)), described, planes)


def purple_share(photograph: Pixels) -> float:
    """Share of a photograph (H, W, 3) that is purple as it is, [0, 1], at a quarter of its size."""
    return float(measure_picture(_frame(photograph[::4, ::4]), metrics=COLOUR).values["purple_share"])


def choose_scenes(data: Path, *, held_out: bool) -> Sequence[Path]:
    """Photographs with a sky, detail all over and no purple: BIQ2021's train half, or what is held out of it."""
    skies = choose_skies(biq2021.read(data), VALIDATION if held_out else TRAIN)
    deep = [path for path in skies if detailed_share(path) >= DEEP]
    return [path for path in deep if purple_share(decode_picture(path)) < PURPLE]


def build_fleet_scorer() -> FrameScorer:
    """Return a scorer with the metrics, the picture-fault model and image quality, on the CPU."""
    return FrameScorer(build_detectors(models=check_models({}, None, names=MODELS)), torch.device("cpu"))


def draw_sites(data: Path, folder: Path, by: FrameScorer) -> None:
    """Measure all sites that `folder` does not hold; numbers from `SITES` on are of the photographs held out."""
    folder.mkdir(parents=True, exist_ok=True)
    scenes: dict[bool, Sequence[Path]] = {}
    for number in range(SITES + HELD_OUT_SITES):
        kept = folder / f"{number:03}.json"
        if kept.is_file():
            continue
        held_out = number >= SITES
        if held_out not in scenes:
            scenes[held_out] = choose_scenes(data, held_out=held_out)
        cameras = [asdict(one) for one in draw_site(scenes[held_out], number, by)]
        kept.write_text(json.dumps(cameras), encoding="utf-8")


def load_sites(folder: Path) -> Mapping[int, Sequence[MadeCamera]]:
    """The measured cameras of each site that `folder` holds, by the site's number."""
    sites = {}
    for path in sorted(folder.glob("???.json")):
        sites[int(path.stem)] = [MadeCamera(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
    return sites
