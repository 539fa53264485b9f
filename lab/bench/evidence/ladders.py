"""Does every scorer fall as pictures are made worse? Five ladders on photographs and on frames of clips, none of which
any bundled model was trained on.

A ladder is one picture untouched and at four strengths; it holds where the score gets worse at a Spearman correlation
of -0.9 or below. Frames are compressed as cameras compress, by H.264 among their neighbours; photographs by JPEG.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

from detectors.models.catalogue import MODELS
from detectors.models.face_quality.detector import SMALLEST_SEARCHED_PX, FaceQualityDetector
from detectors.models.mtcnn import weights as mtcnn
from detectors.models.mtcnn.cascade import Mtcnn
from detectors.models.pictures import Detector, Pictures
from detectors.models.weights import WeightsUnavailable
from domain.errors import ConfigError
from domain.metrics import Direction, MetricSpec
from lab.bench.evidence.clips import ClipFile, find_clips
from lab.training.augment.degradation_ladders import HOLDS, LADDERS, spearman
from lab.training.augment.video_compression import EncoderSetting, compress_frames, crop_to_even
from lab.training.pictures import Pixels, decode_picture
from lab.training.samples import Values

COMPRESSION = "compression"
CRFS = (29, 35, 41, 47)
RUN = 5
"""Neighbouring frames that are coded together; the last of them is judged."""
SCORES: Mapping[str, str] = MappingProxyType(
    {
        "saliency_iqa": "image_quality",
        "sgdnet": "sgdnet_quality",
        "brisque": "brisque",
        "niqe": "niqe",
        "detectability": "detectability",
        "detection_quality": "detection_loss",
        "sfiqa_s": "face_overall_median",
        "sfiqa_xs": "face_overall_median",
        "sfiqa_xxs": "face_overall_median",
        "sfiqa_mobilenet": "face_overall_median",
    }
)
"""The number of each model that is climbed with."""

Judge = Callable[[Pixels], Values]
"""Scores (N,) of pictures (N, H, W, 3), NaN where they are not assessable."""


@dataclass(frozen=True, slots=True)
class Ladders:
    """One picture (H, W, 3) untouched, and by ladder at four strengths (4, H, W, 3)."""

    untouched: Pixels
    worse: Mapping[str, Pixels]


@dataclass(frozen=True, slots=True)
class Scorer:
    """One model's number; `judge_for` makes what judges an untouched picture (H, W, 3) and its worse selves."""

    model: str
    metric: MetricSpec
    fingerprint: str
    judge_for: Callable[[Pixels], Judge]

    def climb(self, ladders: Ladders) -> dict[str, Values]:
        """The scores (5,) on every ladder, the untouched picture's first."""
        judge = self.judge_for(ladders.untouched)
        first = judge(ladders.untouched[None])
        return {name: np.concatenate([first, judge(worse)]) for name, worse in ladders.worse.items()}


@dataclass(frozen=True, slots=True)
class LadderSummary:
    """One ladder over `n` pictures: the share that holds, the median Spearman (-1 is best), the mean scores by rung.

    `unassessable` more pictures had a score untouched and none on some rung; they count in nothing else.
    """

    n: int
    unassessable: int
    holds: float | None
    median_spearman: float | None
    mean_scores: tuple[float, ...]


def run(data: Path, *, models: Collection[str] = (), frames: int = 4, most: int | None = None) -> dict[str, Any]:
    """Return every scorer's ladders on `data`/images/kodak24 and on `frames` frames of each of `data`/clips.

    `models` names some of `SCORES`, none all that have weights; `most` takes only so many pictures and clips. Raises
    ConfigError for an unknown model or missing material, WeightsUnavailable for a model named that has no weights.
    """
    scorers, without = _scorers(models)
    photographs = sorted((data / "images" / "kodak24").glob("*.png"))[:most]
    clips = find_clips(data / "clips")[:most] if (data / "clips").is_dir() else []
    if not photographs or not clips:
        raise ConfigError(f"{data} needs images/kodak24 with PNGs and clips with recordings: see docs/evidence.md")
    shown = {
        "pictures": climb_ladders((photograph_ladders(decode_picture(path)) for path in photographs), scorers),
        "frames": climb_ladders((ladders for clip in clips for ladders in frame_ladders(clip, frames)), scorers),
    }
    return {
        "clips": [clip.name for clip in clips],
        "without_weights": without,
        "scorers": {
            one.model: {
                "metric": one.metric.key,
                "weights": one.fingerprint,
                **{
                    material: {
                        ladder: asdict(summarise_scores(scores, one.metric)) for ladder, scores in found[name].items()
                    }
                    for material, found in shown.items()
                },
            }
            for name, one in scorers.items()
        },
    }


def as_table(found: Mapping[str, Any]) -> str:
    """Return what `run` found as a Markdown table: for each ladder the share that holds and the median Spearman."""
    head = ["score", "on", "n", *LADDERS]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for one in found["scorers"].values():
        for material in ("pictures", "frames"):
            ladders = [one[material][name] for name in LADDERS]
            counts = "/".join(str(count) for count in dict.fromkeys(ladder["n"] for ladder in ladders))
            cells = [one["metric"], material, counts, *(_cell(ladder) for ladder in ladders)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(ladder: Mapping[str, Any]) -> str:
    return "" if not ladder["n"] else f"{ladder['holds']:.0%} ({ladder['median_spearman']:.2f})"


def climb_ladders(pictures: Iterable[Ladders], scorers: Mapping[str, Scorer]) -> dict[str, dict[str, Values]]:
    """Scores (pictures, rungs) by scorer and ladder."""
    found: dict[str, dict[str, list[Values]]] = {name: {ladder: [] for ladder in LADDERS} for name in scorers}
    for ladders in pictures:
        for name, scorer in scorers.items():
            for ladder, scores in scorer.climb(ladders).items():
                found[name][ladder].append(scores)
    return {name: {ladder: np.array(rows) for ladder, rows in one.items()} for name, one in found.items()}


def summarise_scores(scores: Values, metric: MetricSpec) -> LadderSummary:
    """What scores (pictures, rungs) show; a number that is better when lower is expected to rise."""
    known = scores[~np.isnan(scores[:, 0])]
    whole = known[~np.isnan(known).any(axis=1)]
    if not len(whole):
        return LadderSummary(0, len(known), None, None, ())
    falls = np.nan_to_num(spearman(-whole if metric.direction is Direction.LOWER_IS_BETTER else whole))
    return LadderSummary(
        n=len(whole),
        unassessable=len(known) - len(whole),
        holds=float((falls <= HOLDS).mean()),
        median_spearman=round(float(np.median(falls)), 3),
        mean_scores=tuple(float(f"{score:.3g}") for score in whole.mean(axis=0)),
    )


def photograph_ladders(picture: Pixels) -> Ladders:
    """The five ladders of one picture (H, W, 3)."""
    worse = {
        name: np.stack([worsen(picture, strength) for strength in strengths])
        for name, (worsen, strengths) in LADDERS.items()
    }
    return Ladders(picture, worse)


def frame_ladders(clip: ClipFile, count: int) -> Iterator[Ladders]:
    """The ladders of `count` frames spread evenly over a clip; compression codes each with the frames before it."""
    for neighbours in _runs(clip, count):
        picture = neighbours[-1]
        coded = np.stack([compress_frames(neighbours, EncoderSetting(crf, None), Fraction(25))[-1] for crf in CRFS])
        yield Ladders(picture, {**photograph_ladders(picture).worse, COMPRESSION: coded})


def _runs(clip: ClipFile, count: int) -> Iterator[Pixels]:
    """`count` runs of neighbouring frames, (RUN, H, W, 3) with even sides, spread evenly; fewer of a shorter clip."""
    room = clip.frames // count
    if room < RUN:
        count, room = 1, clip.frames
    starts = [turn * room + (room - RUN) // 2 for turn in range(count)]
    wanted = {start + step for start in starts for step in range(RUN)}
    taken: list[NDArray[np.uint8]] = []
    with av.open(str(clip.path)) as container:
        for number, frame in enumerate(container.decode(container.streams.video[0])):
            if number in wanted:
                taken.append(crop_to_even(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)))
                if len(taken) == RUN:
                    yield np.stack(taken)
                    taken = []


def _scorers(models: Collection[str]) -> tuple[dict[str, Scorer], dict[str, str]]:
    """The scorers wanted by model, and why the others cannot score."""
    unknown = sorted(set(models) - set(SCORES))
    if unknown:
        raise ConfigError(f"no ladders for {', '.join(unknown)}; there are some for {', '.join(SCORES)}")
    found: dict[str, Scorer] = {}
    without: dict[str, str] = {}
    for name in models or SCORES:
        model = MODELS[name]
        if model.detector is None:
            continue
        try:
            found[name] = _scorer(name, model.detector(None, None))
        except WeightsUnavailable as error:
            if models:
                raise
            without[name] = str(error)
    return found, without


def _scorer(name: str, detector: Detector) -> Scorer:
    metric = next(spec for spec in detector.metrics if spec.key == SCORES[name])
    if isinstance(detector, FaceQualityDetector):
        finder = mtcnn.load_mtcnn(smallest_face_px=SMALLEST_SEARCHED_PX)
        return Scorer(name, metric, detector.fingerprint, partial(_faces_judge, detector, finder))
    return Scorer(name, metric, detector.fingerprint, lambda _: partial(_score_pictures, detector, metric.key))


def _score_pictures(detector: Detector, key: str, pictures: Pixels) -> Values:
    scores: Values = detector.score(Pictures.from_rgb(_rgb(pictures)))[key].double().numpy()
    return scores


def _faces_judge(detector: FaceQualityDetector, finder: Mtcnn, untouched: Pixels) -> Judge:
    """The median overall score of the untouched picture's faces, wherever they are no longer found: the same faces."""
    (faces,) = finder.find_faces(_rgb(untouched[None]))
    return lambda pictures: np.array([_median(detector.rate(picture, faces)[:, -1]) for picture in _rgb(pictures)])


def _median(scores: torch.Tensor) -> float:
    known = scores[~scores.isnan()]
    return float(known.quantile(0.5)) if len(known) else float("nan")


def _rgb(pictures: Pixels) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255
