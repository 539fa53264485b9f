"""Tables 2 and 3 and Fig. 3 of Lu et al. 2022 on SIQD, the paper's figures beside ours, and Table 3 on BIQ2021."""

from collections.abc import Callable, Mapping, Sequence

from lab.training.measures.correlations import srocc
from lab.training.measures.paired_bootstrap import bootstrap_gain
from lab.training.measures.significance import FTestOutcome, f_test, residuals
from lab.training.paper_table import PaperTable, ReproductionOptions, Scatter, TableResult, TableRow
from lab.training.surveillance_iqa.experiment import (
    SurveillanceAnswers,
    SurveillanceExperiment,
    mean_measures,
    measure_intervals,
    open_experiment,
)
from lab.training.surveillance_iqa.paper_figures import COLUMNS, PROPOSED, TABLE_2, TABLE_3

SOURCE = "Lu et al. 2022, arXiv 2206.04318"
BRISQUE = "BRISQUE"
GLOBAL_ONLY, LOCAL_ONLY = "global branch only (w = 0)", "local branch only (w = 1)"
COMPARED = (BRISQUE, GLOBAL_ONLY, LOCAL_ONLY, PROPOSED)
SIGNS: Mapping[FTestOutcome, int] = {FTestOutcome.BETTER: 1, FTestOutcome.INDISTINGUISHABLE: 0, FTestOutcome.WORSE: -1}


def table_2(setting: ReproductionOptions, name: str) -> TableResult:
    """The method and BRISQUE, both retrained on every split; the other methods as cited."""
    runs, note = open_experiment(setting, name)
    proposed, brisque = runs.evaluate_proposed(), runs.brisque()
    rerun = {
        PROPOSED: (proposed, note),
        BRISQUE: (brisque, f"{note.split(';')[0]}; kernel ridge in place of support vectors"),
    }
    rows = []
    for method, figures in TABLE_2.items():
        judged, note = rerun.get(method, ([], "cited"))
        rows.append(_row(method, figures, judged, note, runs))
    return TableResult(tuple(rows), (_scatter(PROPOSED, proposed), _scatter(BRISQUE, brisque)), _plan_note(runs))


def table_3(setting: ReproductionOptions, name: str) -> TableResult:
    """A training for each weight of the local branch, not a sweep afterwards; each compared with the global alone."""
    runs, note = open_experiment(setting, name)
    judged = {weight: runs.evaluate_proposed(weight) for weight in TABLE_3}
    gains = {weight: _gain(found, judged[0.0]) for weight, found in judged.items() if weight and runs.same_pictures}
    rows = [
        _row(f"w = {weight:g}", TABLE_3[weight], found, note + gains.get(weight, ""), runs)
        for weight, found in judged.items()
    ]
    scatters = [_scatter(f"w = {weight:g}", found) for weight, found in judged.items()]
    return TableResult(tuple(rows), tuple(scatters), _plan_note(runs))


def figure_3(setting: ReproductionOptions, name: str) -> TableResult:
    """The F-test on the residuals after the logistic fit, each of the methods rerun against each other.

    A cell is the mean over splits of 1 where the row's method is significantly better than the column's at 5 %, -1
    where worse, 0 where neither. The paper's figure has all twelve methods; its text says the proposed beats them all.
    """
    runs, note = open_experiment(setting, name)
    judged = {
        BRISQUE: runs.brisque(),
        GLOBAL_ONLY: runs.evaluate_proposed(0.0),
        LOCAL_ONLY: runs.evaluate_proposed(1.0),
        PROPOSED: runs.evaluate_proposed(),
    }
    rows = []
    for method in COMPARED:
        cells = {other: _significance(judged[method], judged[other]) for other in COMPARED if other != method}
        paper = {BRISQUE: 1.0} if method == PROPOSED else {PROPOSED: -1.0} if method == BRISQUE else {}
        rows.append(TableRow(method, paper, cells, note))
    return TableResult(tuple(rows), tuple(_scatter(method, judged[method]) for method in COMPARED))


def _row(
    name: str,
    figures: tuple[float, ...],
    judged: Sequence[SurveillanceAnswers],
    note: str,
    runs: SurveillanceExperiment,
) -> TableRow:
    """The paper's figures, and ours where something was judged."""
    paper = dict(zip(COLUMNS, figures, strict=True))
    if not judged:
        return TableRow(name, paper, note=note)
    return TableRow(name, paper, mean_measures(judged), note, measure_intervals(judged) if runs.same_pictures else {})


def _gain(judged: Sequence[SurveillanceAnswers], others: Sequence[SurveillanceAnswers]) -> str:
    """How much more SROCC than the others on the same pictures, with its paired interval."""
    runs, their_runs = ([run.predicted for run in several] for several in (judged, others))
    gain, low, high = bootstrap_gain(srocc, runs, their_runs, judged[0].labels)
    return f"; SROCC {gain:+.3f} ({low:+.3f} to {high:+.3f}) of w = 0"


def _plan_note(runs: SurveillanceExperiment) -> str:
    """What every training of the table had in common."""
    plan = runs.plan
    return (
        f"every training alike: {plan.backbone}, {plan.epochs} epochs, batch {plan.batch}, rate {plan.rate:g}, "
        f"{plan.frozen_blocks} blocks frozen; intervals: 95 % over pictures, not over seeds"
    )


def _significance(method: Sequence[SurveillanceAnswers], other: Sequence[SurveillanceAnswers]) -> float:
    """Over splits, how much more often the first is significantly better than worse, -1 to 1."""
    outcomes = [
        f_test(residuals(first.predicted, first.labels), residuals(second.predicted, second.labels)).outcome()
        for first, second in zip(method, other, strict=True)
    ]
    return sum(SIGNS[outcome] for outcome in outcomes) / len(outcomes)


def _scatter(name: str, runs: Sequence[SurveillanceAnswers]) -> Scatter:
    """The first split's judged pictures."""
    return Scatter(name, runs[0].predicted, runs[0].labels)


def _table(
    name: str, title: str, make: Callable[[ReproductionOptions, str], TableResult], columns: tuple[str, ...] = COLUMNS
) -> tuple[PaperTable, PaperTable]:
    """The paper's table on SIQD, and the same on BIQ2021's published split."""
    return (
        PaperTable(
            f"surveillance-{name}", title, SOURCE, ("siqd",), columns, lambda setting: make(setting, "siqd"), True
        ),
        PaperTable(
            f"surveillance-{name}-biq2021",
            f"{title}, on BIQ2021",
            f"{SOURCE}; the paper's figures are SIQD's",
            ("biq2021",),
            columns,
            lambda setting: make(setting, "biq2021"),
            settable=True,
        ),
    )


SURVEILLANCE_TABLES = (
    *_table("table-2", "Saliency IQA against eleven methods", table_2),
    *_table("table-3", "The weight of the local branch", table_3),
    *_table("figure-3", "Who is significantly better", figure_3, COMPARED),
)
