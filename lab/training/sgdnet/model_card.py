"""The model card of SGDNet, written from what was measured and never by hand."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.training.measures.agreement import format_with_interval

SHOWN = (
    "backbone",
    "guidance",
    "attention",
    "teacher",
    "height",
    "width",
    "batch",
    "epochs",
    "rate",
    "head_factor",
    "schedule",
    "precision",
    "frozen_blocks",
    "folded",
    "agreement",
)
NOT_TESTED = "| official test half | not judged yet | | | | | | |"


@dataclass(frozen=True, slots=True)
class SgdNetProvenance:
    """What no evaluation can tell: where, how long and when the weights were trained."""

    hardware: str
    minutes: int
    trained_at: str
    seed: int


@dataclass(frozen=True, slots=True)
class SgdNetFigures:
    """What `sightline evaluate --json` printed for each half, and what `ladders` printed; None for what was not."""

    validation: Mapping[str, object]
    test: Mapping[str, object] | None = None
    ladders: Mapping[str, Mapping[str, object]] | None = None


def model_card(sha256: str, run: Mapping[str, object], provenance: SgdNetProvenance, measured: SgdNetFigures) -> str:
    """Markdown for `weights/sgdnet.md`; `run` is the first line of the training's log."""
    plan = run["plan"]
    assert isinstance(plan, Mapping)
    return CARD.format(
        sha256=sha256,
        backbone=plan["backbone"],
        trained_on=run["training"],
        plan="\n".join(f"| {name} | {plan[name]} |" for name in SHOWN),
        hardware=provenance.hardware,
        minutes=provenance.minutes,
        trained_at=provenance.trained_at,
        seed=provenance.seed,
        validation=_row("validation (blocks of the train half)", measured.validation),
        test=NOT_TESTED if measured.test is None else _row("official test half", measured.test),
        ladders=_ladders(measured.ladders or {}),
    )


def _row(name: str, measured: Mapping[str, object]) -> str:
    return (
        f"| {name} | {measured['n']} | {format_with_interval(measured, 'srocc', 3)} | "
        f"{format_with_interval(measured, 'plcc', 3)} | "
        f"{measured['krcc']:.3f} | {format_with_interval(measured, 'rmse', 1)} | "
        f"{measured['mae']:.1f} | {measured['plcc_fitted']:.3f} |"
    )


def _ladders(ladders: Mapping[str, Mapping[str, object]]) -> str:
    if not ladders:
        return "Not climbed yet (`python -m lab.training.sgdnet ladders`)."
    rows = []
    for name, result in ladders.items():
        scores = result["mean_scores"]
        assert isinstance(scores, list)
        rungs = " ".join(f"{score:.0f}" for score in scores)
        rows.append(f"| {name} | {result['n']} | {result['holds']:.0%} | {result['mean_spearman']:.2f} | {rungs} |")
    head = "| ladder | n | holds | mean Spearman | mean score, untouched to severe |\n|---|---|---|---|---|\n"
    return head + "\n".join(rows)


CARD = """# Model card: SGDNet, {backbone}

`sgdnet.safetensors`, SHA-256 `{sha256}`, fp16, licence Apache-2.0.

**What it says.** `sgdnet_quality`, 0 to 100, higher is better: the mean opinion that people in a laboratory would give
the picture. Method: Yang et al. 2019 (ACM Multimedia): a predicted saliency map weighs the features that the opinion
is read from. The paper's backbone is ResNet50; this is {backbone}, because an ImageNet start for it could be had.

## Data

* Labels: BIQ2021 (Ahmed and Asif 2022; nisarahmedrana/BIQ2021), 12,000 photographs with the mean opinion of 30 people
  each, "freely available for use and benchmarking". Trained on {trained_on} pictures of the official train half;
  stopped and selected on a tenth of that half, in whole blocks of neighbouring numbers.
* Saliency labels: the teacher below; no person's gaze was recorded.
* Start: ImageNet MobileNetV2 of google-coral/test_data (`tf2_mobilenet_v2_1.0_224_ptq.tflite`, Apache-2.0),
  dequantised.

## Recipe

Loss: mean absolute error on five points + 0.25 times the total variation distance of the saliency maps + `agreement`
times (1 - PLCC of the batch). docs/models/sgdnet.md tells what departs from the paper and gives the command.

| setting | value |
|---|---|
{plan}
| seed | {seed} |

Hardware: {hardware}; {minutes} minutes. Trained {trained_at}.

## Figures

Opinions on a scale of 0 to 100; in brackets 95 % bootstrap intervals over pictures.

| pictures | n | SROCC | PLCC | KRCC | RMSE | MAE | PLCC after logistic |
|---|---|---|---|---|---|---|---|
{validation}
{test}

Reproduce: `sightline evaluate sgdnet biq2021 --data BIQ2021 --json`, with `--half test` for the test half.

Kodak's photographs made worse on purpose (never trained on; `python -m lab.training.sgdnet ladders`); a ladder holds
where
the score falls with strength at Spearman <= -0.9:

{ladders}

## Use

* For: ranking cameras and following one camera's picture, as a second opinion beside `image_quality`, on request.
* Not for: judging people or their behaviour; evidence; comparing single points between scenes; raising an alert alone.
* Limits: trained on photographs, not on surveillance video. Pictures are squashed to one size: the aspect is lost, and
  fine noise and slight blur of a 4K camera weigh less than people would say. Masked areas are seen. Under 64 pixels a
  side the answer is "not assessable". Saliency comes from a formula's teacher, not from people.
* Failure cases: `docs/images/sgdnet-failures.jpg` shows, for each ladder, the Kodak photograph whose score follows
  strength least, every rung with its score.
"""
