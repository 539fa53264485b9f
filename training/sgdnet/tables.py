"""Tables 2 to 5 of Yang et al. 2019, the paper's figures beside ours; Table 4 on BIQ2021 too, at reduced cost."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from detectors.sgdnet.network import Guidance, Variant
from detectors.sgdnet.teachers import TeacherName
from domain.errors import ConfigError
from training import protocols
from training.datasets import folder_of, known
from training.halves import Sides, sides, without_test
from training.loop import CHECKPOINT
from training.measures.paired import averaged, gained, interval
from training.results import Result, Row, Scatter, Setting, Table
from training.samples import Sample
from training.sgdnet.campaign import MAPS, MEASURES, SEED, Campaign, Judged, start_of, taught
from training.sgdnet.material import material
from training.sgdnet.plan import Plan, Precision, Schedule, with_options
from training.sgdnet.published import (
    TABLE_2,
    TABLE_2_DATASETS,
    TABLE_3,
    TABLE_3_DATASETS,
    TABLE_4,
    TABLE_5,
    named,
)
from training.sgdnet.trainer import answered, built

SOURCE = "Yang et al. 2019, ACM Multimedia"
COLUMNS = tuple(MEASURES)
REPETITIONS = 10
KONIQ_TEST = 2000 / 10073
SIZES = {"live": (512, 768), "csiq": (512, 512), "clive": (500, 500), "tid2013": (384, 512), "koniq10k": (384, 512)}
"""Height and width that each data set's pictures are squashed to (section 4.1.3)."""
REDUCED = Plan(
    backbone="mobilenet_v2",
    teacher=TeacherName.SPECTRAL_RESIDUAL,
    batch=32,
    epochs=2,
    rate=2e-4,
    schedule=Schedule.CYCLE,
    precision=Precision.BF16,
    frozen_blocks=14,
    folded=True,
    head_factor=5.0,
    agreement=0.5,
)
"""Ours, for two processor cores: docs/models/sgdnet.md tells what each departure buys."""


def table_2(setting: Setting) -> Result:
    """Each data set by itself, ten splits by reference, averaged; data sets that are not there stay cited."""
    plan, note = taught(Plan(), setting)
    start = _needed_start(setting, plan.backbone)
    found: dict[str, float] = {}
    scatters, absent = [], []
    for name in TABLE_2_DATASETS:
        try:
            samples = known(name).read(folder_of(name, setting.data))
        except ConfigError as error:
            absent.append(str(error))
            continue
        plan = replace(plan, height=SIZES[name][0], width=SIZES[name][1])
        splits = protocols.repetitions(samples, count=setting.repetitions or REPETITIONS)
        runs = []
        for index, split in enumerate(splits):
            campaign = Campaign(
                known(name), samples, sides(split, setting.half), setting.runs / f"sgdnet-tables-{name}"
            )
            runs.append(campaign.judged(f"split-{index}", plan, start))
        found |= {f"{name} {measure}": _mean(runs, measure) for measure in ("srocc", "plcc")}
        scatters.append(Scatter(f"SGDNet on {name}", runs[0].predicted, runs[0].labels))
    if not scatters:
        raise ConfigError(f"none of Table 2's data sets is there: {'; '.join(absent)}")
    count = setting.repetitions or REPETITIONS
    rows = _cited(TABLE_2, _table_2_columns(), found, f"rerun, mean of {count} splits; {note}")
    return Result(rows, tuple(scatters))


def table_3(setting: Setting) -> Result:
    """Trained on all of LIVE but a tenth of its references to validate on; judged on all of the others, 384 x 512."""
    plan, note = taught(Plan(), setting)
    start = _needed_start(setting, plan.backbone)
    samples = known("live").read(folder_of("live", setting.data))
    others = {name: known(name).read(folder_of(name, setting.data)) for name in TABLE_3_DATASETS}
    split = protocols.by_shares(samples, validation=0.1, test=0.0)
    rows = Sides(np.array(split.train), np.array(split.validation), np.array(split.validation))
    folder = setting.runs / "sgdnet-tables-live-whole"
    Campaign(known("live"), samples, rows, folder).judged("trained", plan, start)
    found, scatters = {}, []
    for name, judged in others.items():
        answer = _crossed(folder / "trained", plan, name, judged, setting.runs / f"sgdnet-tables-{name}-whole")
        found[name] = answer.measures()["srocc"]
        scatters.append(Scatter(f"LIVE to {name}", answer.predicted, answer.labels))
    return Result(_cited(TABLE_3, TABLE_3_DATASETS, found, f"rerun; {note}"), tuple(scatters))


def table_4(setting: Setting) -> Result:
    """Every variant on KonIQ-10k; variants whose backbone has no start stay cited."""
    samples = known("koniq10k").read(folder_of("koniq10k", setting.data))
    split = protocols.by_shares(samples, validation=0.1, test=KONIQ_TEST)
    campaign = Campaign(known("koniq10k"), samples, sides(split, setting.half), setting.runs / "sgdnet-tables-koniq10k")
    starts = {backbone: start_of(setting, backbone) for backbone in ("vgg16", "resnet50")}
    if not any(starts.values()):
        raise ConfigError("give --start, a folder with Keras's resnet50.h5 and vgg16.h5 (docs/models/sgdnet.md)")
    rows = []
    for variant, figures in TABLE_4.items():
        paper = dict(zip(COLUMNS, figures, strict=True))
        start = starts[variant.backbone]
        if start is None:
            rows.append(Row(named(variant), paper, note=f"cited: no {variant.backbone}.h5 to start from"))
            continue
        plan, note = taught(_plan_of(Plan(), variant), setting)
        judged = campaign.judged(_folder(variant), plan, start)
        rows.append(Row(named(variant), paper, judged.measures(), f"rerun; {note}"))
    return Result(tuple(rows))


def table_4_biq2021(setting: Setting) -> Result:
    """The six variants on MobileNetV2 and BIQ2021, at reduced cost; the paper's column is ResNet50's on KonIQ-10k.

    Every variant is trained by the same plan, `setting.repetitions` times with another seed, and compared with the
    baseline on the same pictures.
    """
    samples = known("biq2021").read(folder_of("biq2021", setting.data))
    needed, split = without_test(samples, protocols.published(samples), setting.half)
    campaign = Campaign(known("biq2021"), needed, sides(split, setting.half), setting.runs / "sgdnet-tables-biq2021")
    start = _needed_start(setting, REDUCED.backbone)
    common = with_options(REDUCED, setting.options)
    seeds = range(SEED, SEED + (setting.repetitions or 1))
    baseline: list[Judged] = []
    rows, scatters = [], []
    for variant, figures in TABLE_4.items():
        if variant.backbone != "resnet50":
            continue
        plan = _plan_of(common, replace(variant, backbone=common.backbone))
        judged = [campaign.judged(f"{_folder(plan.variant)}-seed{seed}", plan, start, seed) for seed in seeds]
        baseline = baseline or judged
        rows.append(_compared(named(plan.variant), figures, judged, baseline))
        scatters.append(Scatter(named(plan.variant), judged[0].predicted, judged[0].labels))
    note = (
        f"{setting.half}, n {len(campaign.sides.judged)}; paper: ResNet50 on KonIQ-10k; every training alike: "
        f"{common.backbone}, {common.epochs} epochs, batch {common.batch}, rate {common.rate:g}, "
        f"{common.frozen_blocks} blocks frozen, teacher {common.teacher}, seeds {', '.join(map(str, seeds))}; "
        "intervals: 95 % over pictures, not over seeds"
    )
    return Result(tuple(rows), tuple(scatters), note)


def table_5(setting: Setting) -> Result:
    """Every teacher on KonIQ-10k, ResNet50 without channel attention; teachers without maps stay cited."""
    samples = known("koniq10k").read(folder_of("koniq10k", setting.data))
    split = protocols.by_shares(samples, validation=0.1, test=KONIQ_TEST)
    campaign = Campaign(known("koniq10k"), samples, sides(split, setting.half), setting.runs / "sgdnet-tables-koniq10k")
    start = _needed_start(setting, "resnet50")
    rows = []
    for teacher in (*TABLE_5, TeacherName.SPECTRAL_RESIDUAL):
        paper = {"plcc": TABLE_5[teacher]} if teacher in TABLE_5 else {}
        plan = _plan_of(Plan(), Variant("resnet50", Guidance.NONE if teacher == "none" else Guidance.MULTI_TASK, False))
        if teacher == "none":
            note = "no saliency"
        elif teacher in {"sam", "salgan", "dva"} and not (setting.data / MAPS / teacher).is_dir():
            rows.append(Row(teacher, paper, note=f"cited: no {MAPS}/{teacher}"))
            continue
        else:
            plan, note = taught(plan, setting, teacher)
        if teacher == TeacherName.DINET and plan.teacher is TeacherName.SPECTRAL_RESIDUAL:
            rows.append(Row(teacher, paper, note="cited: neither its weights nor its maps are there"))
            continue
        judged = campaign.judged(f"teacher-{teacher}", plan, start)
        rows.append(Row(teacher, paper, {"plcc": judged.measures()["plcc"]}, f"rerun; {note}"))
    return Result(tuple(rows))


def _compared(name: str, figures: tuple[float, ...], judged: list[Judged], baseline: list[Judged]) -> Row:
    """A variant's mean over seeds, and how much more SROCC than the baseline on the same pictures."""
    labels, runs = judged[0].labels, [run.predicted for run in judged]
    note = "rerun"
    if judged is not baseline:
        gain, low, high = gained(MEASURES["srocc"], runs, [run.predicted for run in baseline], labels)
        note += f"; SROCC {gain:+.3f} ({low:+.3f} to {high:+.3f}) of the baseline"
    return Row(
        name,
        dict(zip(COLUMNS, figures, strict=True)),
        {column: averaged(measure, runs, labels) for column, measure in MEASURES.items()},
        note,
        {column: interval(measure, runs, labels) for column, measure in MEASURES.items()},
    )


def _plan_of(plan: Plan, variant: Variant) -> Plan:
    return replace(plan, backbone=variant.backbone, guidance=variant.guidance, attention=variant.channel_attention)


def _crossed(trained: Path, plan: Plan, name: str, samples: list[Sample], folder: Path) -> Judged:
    """The network trained in `trained`, asked about all of another data set."""
    network = built(replace(plan, scratch=True), None, 0)
    checkpoint = torch.load(trained / CHECKPOINT, weights_only=True)
    network.load_state_dict(checkpoint["best"]["weights"])
    data = material(samples, known(name), replace(plan, guidance=Guidance.NONE), network, folder)
    return Judged(answered(network, plan, data, np.arange(len(samples))), data.labels.astype(float))


def _needed_start(setting: Setting, backbone: str) -> Path:
    start = start_of(setting, backbone)
    if start is None:
        raise ConfigError(f"give --start, the ImageNet weights of {backbone} (docs/models/sgdnet.md)")
    return start


def _folder(variant: Variant) -> str:
    return f"{variant.backbone}-{variant.guidance}{'-ca' if variant.channel_attention else ''}"


def _mean(runs: list[Judged], measure: str) -> float:
    return float(np.mean([run.measures()[measure] for run in runs]))


def _table_2_columns() -> tuple[str, ...]:
    return tuple(f"{name} {measure}" for name in TABLE_2_DATASETS for measure in ("srocc", "plcc"))


def _cited(
    published: Mapping[str, tuple[float | None, ...]],
    columns: tuple[str, ...],
    ours: Mapping[str, float],
    note: str,
) -> tuple[Row, ...]:
    """Every published row as cited; SGDNet's with ours beside it."""
    rows = []
    for name, figures in published.items():
        paper = {column: figure for column, figure in zip(columns, figures, strict=True) if figure is not None}
        mine = name == "SGDNet"
        rows.append(Row(name, paper, ours if mine else {}, note if mine else "cited"))
    return tuple(rows)


SGDNET_TABLES = (
    Table("sgdnet-table-2", "SGDNet on four data sets", SOURCE, TABLE_2_DATASETS, _table_2_columns(), table_2),
    Table("sgdnet-table-3", "SGDNet trained on LIVE", SOURCE, ("live", *TABLE_3_DATASETS), TABLE_3_DATASETS, table_3),
    Table("sgdnet-table-4", "SGDNet's variants", SOURCE, ("koniq10k",), COLUMNS, table_4),
    Table(
        "sgdnet-table-4-biq2021", "SGDNet's variants on BIQ2021", SOURCE, ("biq2021",), COLUMNS, table_4_biq2021, True
    ),
    Table("sgdnet-table-5", "SGDNet's teachers", SOURCE, ("koniq10k",), ("plcc",), table_5),
)
