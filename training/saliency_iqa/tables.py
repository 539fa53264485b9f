"""What is published on BIQ2021's official test half, and what we score there."""

from training.datasets import folder_of, known
from training.measures.agreement import agreement
from training.results import Result, Row, Scatter, Setting, Table
from training.saliency_iqa.run import OPINION, SALIENCY_IQA
from training.samples import score_values

PUBLISHED = (
    ("DeepEns (an ensemble)", {"srocc": 0.7922, "plcc": 0.8098}),
    ("SGL-IQA", {"srocc": 0.71, "plcc": 0.71}),
    ("NASNet-Large", {"srocc": 0.673, "plcc": 0.708}),
    ("MobileNetV2", {"srocc": 0.619, "plcc": 0.661}),
)


def reproduced(setting: Setting) -> Result:
    """The published methods as cited, and the bundled saliency IQA on the half asked for."""
    dataset = known("biq2021")
    everything = dataset.read(folder_of(dataset.name, setting.data))
    samples = [sample for sample in everything if sample.split == setting.half]
    predicted = SALIENCY_IQA.predict(None, samples)[OPINION]
    labels = dataset.scales[OPINION].mapped(score_values(samples, OPINION), SALIENCY_IQA.scale)
    found = agreement(predicted, labels)
    ours = Row("saliency IQA, bundled", ours={"srocc": found.srocc, "plcc": found.plcc}, note=f"n {found.n}")
    cited = [Row(name, paper=figures, note="cited") for name, figures in PUBLISHED]
    return Result((*cited, ours), (Scatter("saliency IQA", predicted, labels),))


BIQ2021_PUBLISHED = Table(
    name="biq2021",
    title="Agreement with people on BIQ2021's official test half",
    source="the papers' own figures, as published",
    datasets=("biq2021",),
    columns=("srocc", "plcc"),
    reproduce=reproduced,
)
