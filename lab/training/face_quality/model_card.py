"""The model card of the bundled face quality, written from what was measured and never by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.training.augment.face_distortions import Distortion
from lab.training.face_quality.schedule import FaceQualitySchedule
from lab.training.face_quality.synthesis.distortion_labels import HARM


@dataclass(frozen=True, slots=True)
class FaceQualityProvenance:
    """What no evaluation can tell: where, how long and in which departures from the recipe the weights were trained."""

    hardware: str
    minutes: int
    trained_at: str
    departures: str


@dataclass(frozen=True, slots=True)
class FaceQualityFigures:
    """What `python -m lab.training.face_quality evidence` printed, and how many faces and sources there were."""

    held_out: Mapping[str, Mapping[str, object]]
    ladders: Mapping[str, Mapping[str, object]]
    confidence: Sequence[Mapping[str, object]]
    counts: Mapping[str, int]


def model_card(
    sha256: str,
    cycles: Sequence[FaceQualitySchedule],
    provenance: FaceQualityProvenance,
    measured: FaceQualityFigures,
    withheld: Sequence[str] = (),
) -> str:
    """Markdown for `weights/sfiqa_mobilenet.md`."""
    counts, schedule = measured.counts, cycles[0]
    return CARD.format(
        sha256=sha256,
        epochs=" then ".join(f"{cycle.epochs:g}" for cycle in cycles),
        batch=schedule.batch,
        rate=" and ".join(f"{cycle.rate:g}" for cycle in cycles),
        factor=f"{schedule.new_factor:g}",
        frozen=schedule.frozen_blocks,
        decay=f"{schedule.weight_decay:g}",
        averaging=f"{schedule.averaging:g}",
        seed=" and ".join(str(cycle.seed) for cycle in cycles),
        hardware=provenance.hardware,
        minutes=provenance.minutes,
        trained_at=provenance.trained_at,
        departures=provenance.departures,
        **counts,
        harms="\n".join(_harm(distortion) for distortion in Distortion),
        held_out="\n".join(_agreement(name, found) for name, found in measured.held_out.items()),
        ladders="\n".join(_ladder(name, found) for name, found in measured.ladders.items()),
        rungs=next(iter(measured.ladders.values()))["n"],
        confidence="\n".join(map(_confidence, measured.confidence)),
        verdict=_verdict(measured.held_out),
        withheld=_list_withheld(withheld),
    )


def _verdict(held_out: Mapping[str, Mapping[str, object]]) -> str:
    poor = [name for name, found in held_out.items() if _number(found["srocc"]) < 0.9]
    if not poor:
        return "Every dimension reaches the aim of .9."
    return f"The aim of .9 is missed by {', '.join(poor)}."


def _list_withheld(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"The detector does not show {' and '.join(names)}; overall still contains them, with their small weights."


def _harm(distortion: Distortion) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in HARM[distortion].items())
    return f"| {distortion} | {shares} |"


def _agreement(name: str, found: Mapping[str, object]) -> str:
    intervals = found["intervals"]
    assert isinstance(intervals, Mapping)
    low, high = intervals["srocc"]
    return (
        f"| {name} | {found['n']} | {found['srocc']:.3f} ({low:.3f} to {high:.3f}) | {found['plcc']:.3f} | "
        f"{found['krcc']:.3f} | {found['rmse']:.2f} | {found['mae']:.2f} |"
    )


def _ladder(name: str, found: Mapping[str, object]) -> str:
    scores, overall = found["scores"], found["overall_scores"]
    assert isinstance(scores, Sequence)
    assert isinstance(overall, Sequence)
    return (
        f"| {name} | {found['dimension']} | {found['holds']:.0%} | {found['mean_spearman']:.2f} | "
        f"{' '.join(f'{score:.1f}' for score in scores)} | {found['overall_holds']:.0%} | "
        f"{' '.join(f'{score:.1f}' for score in overall)} |"
    )


def _confidence(found: Mapping[str, object]) -> str:
    between = _interval(found["srocc"], found["interval"], "fewer than ten faces")
    within = _interval(found["within"], found["within_interval"], "no such face")
    return (
        f"| {found['clip']} | {found['smallest_px']:g} | {found['detections']} | {found['tracks']} | {between} | "
        f"{found['long_tracks']} | {within} |"
    )


def _interval(value: object, interval: object, absent: str) -> str:
    if value is None:
        return absent
    assert isinstance(interval, Sequence)
    low, high = interval
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


CARD = """# Model card: face quality, SFIQA-Assessor with MobileNetV2

`sfiqa_mobilenet.safetensors`, SHA-256 `{sha256}`, fp16, licence Apache-2.0.

**Trained on synthetic distortions.** No person rated these faces: every label was computed from the strength of a
distortion that we applied.

**What it says.** Of every face at least 96 x 96 pixels large and turned at most 60 degrees: noise, sharpness,
colourfulness, contrast and fidelity, each 1 to 5, 5 is best; overall is the regression of Jiang et al. 2026 on these
five (.0765 .4134 .0554 .1463 .3076). Method: SFIQA-Assessor (arXiv 2602.07403), three views of a face with a backbone
each. Departures, ours: MobileNetV2 up to its 160-channel blocks instead of EdgeNeXt, because an ImageNet start for it
could be had; scales fused at stride 8 instead of 4; light and colour of the loose and the compact view, measured in 39
numbers each (detectors/models/face_quality/light_tokens.py), added to the task tokens; faces and points by MTCNN
instead of
Ultra-Light-Fast and a face-parsing network.

## Data

* Faces: the 201 pictures of the Kaggle face-mask set (CC0) and photographs of BIQ2021's official train half that people
  rated .6 or more ("freely available for use and benchmarking"), found by MTCNN, whole, sharp, turned at most 45
  degrees, levels and white balance developed to ordinary ones where a factor of 1.6 is enough, left out where it is not
  (lab/training/face_quality/synthesis/colour_correction.py): {training_sources} to train on,
  {validation_sources} to choose the recipe by, {held_out_sources} held out. Photographs in whole blocks of 25
  neighbouring numbers are on one side; the face-mask
  pictures, most of two people, are all trained on.
* {training} made faces to train on, {validation} to validate on, {held_out_faces} held out: up to five distortions
  each, strengths from clearly seen to unusable, evenly spaced on the logarithm of the physical quantity
  (lab/training/augment/face_distortions.py).
* Start: ImageNet MobileNetV2 of google-coral/test_data (`tf2_mobilenet_v2_1.0_224_ptq.tflite`, Apache-2.0).

The label of a dimension is 5 - 4 min(1, (sum of (harm x strength)^4)^(1/4)): the greatest harm hides the smaller ones.
Over-enhancement counts as the strength at which it would change an otherwise untouched face as much, for where a blur
or a veil has left no detail there is nothing to raise. Harm is ours:

| distortion | share of the scale lost at full strength |
|---|---|
{harms}

Fidelity means invented structure; over-enhancement is only a stand-in for it. The overall label is the paper's
regression on the other five, so that its figure shows nothing beyond theirs: it is circular.

## Recipe

Mean square error over the six, AdamW, one cycle after the other: {epochs} epochs, batch {batch}, peak rate {rate} (all
but the backbones x {factor}), first {frozen} blocks frozen, weight decay {decay}, averaging {averaging}, mirroring,
batch norms folded, bf16 autocast, seeds {seed}. {minutes} minutes; {hardware}. Trained {trained_at}. {departures}

Reproduce: `python -m lab.training.face_quality train`, then `bundle`, `evidence` and `card`
(docs/models/face_quality.md).

## Figures

Held-out faces against the distortion's labels; in brackets 95 % bootstrap intervals over faces, of which about thirty
share one person. {verdict} {withheld}

| dimension | n | SROCC | PLCC | KRCC | RMSE | MAE |
|---|---|---|---|---|---|---|
{held_out}

One distortion alone on {rungs} held-out faces: mean score untouched, then at strengths .25 .5 .75 1. A ladder holds
where the score falls with strength at Spearman <= -0.9.

| distortion | dimension | holds | mean Spearman | scores | overall holds | overall scores |
|---|---|---|---|---|---|---|
{ladders}

Real faces of clips never trained on: the overall score's order against that of MTCNN's confidence, Spearman with 95 %
bootstrap intervals over faces. Detections are linked into tracks; between faces each counts once, in the middle frame
of its track; within, it is the mean over the faces seen in at least five looked-at frames. Under 96 pixels a face is
outside the range and never shown.

| clip | from pixels | detections | faces | between faces | long tracks | within a face |
|---|---|---|---|---|---|---|
{confidence}

## Use

* For: telling which cameras' faces are too poor to recognise anyone, and why; following one camera over time.
* Not for: judging people, their looks, age, origin or behaviour; deciding whether two faces are one person; evidence.
  Neither crops nor features of a face are stored.
* Limits: agreement with people is not measured, for no rated surveillance faces could be had. The faces are of
  photographs developed to ordinary light and colour; artistic light, make-up and coloured lamps read as faults. The
  people trained on do not represent all skin tones, ages and coverings equally, and how figures differ between them was
  not measured. A smooth, plausible, invented face is not found.
* Failure cases: `docs/images/face-quality-failures.jpg` shows, for each dimension, the face judged furthest above its
  label and the one furthest below, of 200 made from the face-mask pictures (CC0; people trained on, distortions never
  seen).
"""
