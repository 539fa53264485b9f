"""`sightline train`, `evaluate` and `reproduce`: learn, measure, and set our figures beside the papers'."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.markup import escape

from domain.errors import ConfigError
from lab.training.dataset_splits import Half
from sightline.cli.console import out, say, show_table, without_traceback
from sightline.runtime.extras import describe_missing_package

if TYPE_CHECKING:
    from lab.training.dataset_evaluation import DatasetEvaluation
    from lab.training.paper_table import PaperTable, Scatter, TableResult, TableRow

Entry = TypeVar("Entry")
MEASURES = ("srocc", "plcc", "krcc", "rmse", "mae", "plcc_fitted", "rmse_fitted")


ModelArgument = Annotated[str, typer.Argument(help="A model that can be trained or asked.")]
DatasetArgument = Annotated[str, typer.Argument(help="A data set, by name.")]
DataOption = Annotated[Path, typer.Option("--data", help="The data set's folder as distributed, or one above it.")]
RunsOption = Annotated[Path, typer.Option("--folder", help="Where trainings keep checkpoints, logs and weights.")]
StartOption = Annotated[Path | None, typer.Option("--start", help="Weights to start from (docs/training.md).")]
RepetitionOption = Annotated[int, typer.Option("--repetition", min=0, help="Which of the splits drawn by chance.")]
PlotOption = Annotated[Path | None, typer.Option("--plot", help="Write predictions against labels as a PNG.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of the model's recipe.")]


@without_traceback
def train(
    model: ModelArgument,
    dataset: DatasetArgument,
    *,
    data: DataOption,
    folder: RunsOption,
    start: StartOption = None,
    seed: int = 7,
    repetition: RepetitionOption = 0,
    options: SetOption = None,
    threads: Annotated[int, typer.Option(min=1, help="Processor cores to use.")] = 2,
) -> None:
    """Train a model; stop it at any time, the same command goes on from its last checkpoint."""
    with _require_lab_packages():
        import torch  # noqa: PLC0415 - takes seconds

        from lab.training import training_run  # noqa: PLC0415
        from lab.training.datasets import DATASETS  # noqa: PLC0415
        from lab.training.recipe_catalogue import RECIPES  # noqa: PLC0415
    torch.set_num_threads(threads)
    weights = training_run.run_training(
        _look_up(model, RECIPES, "model"),
        _look_up(dataset, DATASETS, "data set"),
        data,
        folder,
        seed=seed,
        repetition=repetition,
        start=start,
        options=dict(map(_parse_option, options or [])),
    )
    say(f"trained; judge it with: sightline evaluate {model} {dataset} --data {data} --weights {weights}")
    out.print(escape(str(weights)))


@without_traceback
def evaluate(
    model: ModelArgument,
    dataset: DatasetArgument,
    *,
    data: DataOption,
    half: Annotated[Half, typer.Option(help="Which side; `test` only for final figures.")] = Half.VALIDATION,
    weights: Annotated[Path | None, typer.Option("--weights", help="This file, not the bundled weights.")] = None,
    repetition: RepetitionOption = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    plot: PlotOption = None,
) -> None:
    """Tell how well a model agrees with people, with 95 % intervals."""
    with _require_lab_packages():
        from lab.training import dataset_evaluation  # noqa: PLC0415 - loads torch, which takes seconds
        from lab.training.datasets import DATASETS  # noqa: PLC0415
        from lab.training.recipe_catalogue import RECIPES  # noqa: PLC0415
    recipe, known = _look_up(model, RECIPES, "model"), _look_up(dataset, DATASETS, "data set")
    samples = dataset_evaluation.select_samples(known, data, half, repetition)
    found = dataset_evaluation.evaluate_model(recipe, known, samples, weights)
    _write_plot(found.scatters, plot, f"{model} on {dataset}, {half}")
    if as_json:
        out.print_json(json.dumps({"model": model, "dataset": dataset, "half": half, **found.as_json()}))
    else:
        _show_judgement(found)


@without_traceback
def reproduce(
    table: Annotated[str | None, typer.Argument(help="A table of a paper, by name.")] = None,
    *,
    data: Annotated[Path | None, typer.Option("--data", help="Holds one folder a data set, by its name.")] = None,
    folder: RunsOption = Path("runs"),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the rows as JSON.")] = None,
    plot: PlotOption = None,
    half: Annotated[Half, typer.Option(help="Which side of each split is judged.")] = Half.TEST,
    repetitions: Annotated[int | None, typer.Option(min=1, help="Fewer than the paper's, for a first look.")] = None,
    start: StartOption = None,
    options: SetOption = None,
    listed: Annotated[bool, typer.Option("--list", help="List the tables there are.")] = False,
) -> None:
    """Compute a paper's table again, with its figures beside ours; trains first what the table needs."""
    with _require_lab_packages():
        from lab.training.paper_table import ReproductionOptions  # noqa: PLC0415
        from lab.training.table_catalogue import TABLES  # noqa: PLC0415 - loads torch, which takes seconds
    if listed:
        show_table(("table", "data sets", "what it shows"), map(_table_row, TABLES.values()))
        return
    if table is None or data is None:
        raise ConfigError("give a TABLE and --data, or --list to see which tables there are")
    known = _look_up(table, TABLES, "table")
    if options and not known.settable:
        raise ConfigError(f"{table} follows its paper's plan: leave out --set")
    setting = ReproductionOptions(data, folder, repetitions, half.value, start, dict(map(_parse_option, options or [])))
    result = known.reproduce(setting)
    _write_plot(result.scatters, plot, known.title)
    if json_file is not None:
        json_file.write_text(json.dumps(_as_json(known, setting.half, result), indent=2) + "\n", encoding="utf-8")
        say(f"wrote {json_file}")
    _show_result(known, result)


def _look_up(name: str, known: Mapping[str, Entry], what: str) -> Entry:
    if name not in known:
        raise ConfigError(f"no {what} {name!r}: there are {', '.join(sorted(known))}")
    return known[name]


def _parse_option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"--set {text!r}: expected NAME=VALUE")
    return name, value


def _write_plot(scatters: Sequence["Scatter"], path: Path | None, title: str) -> None:
    if path is None:
        return
    if not scatters:
        raise ConfigError("there is nothing to plot here: leave out --plot")
    with _require_lab_packages():
        from lab.training.plots import write_scatter_plot  # noqa: PLC0415
    write_scatter_plot(scatters, path, title)
    say(f"wrote {path}")


def _show_judgement(found: "DatasetEvaluation") -> None:
    rows = []
    for name, agreement in found.agreements.items():
        values = agreement.as_json()
        for measure in MEASURES:
            low, high = agreement.intervals.get(measure, (None, None))
            interval = f"{low:.4f} to {high:.4f}" if low is not None and high is not None else ""
            value = values[measure]
            rows.append((name, measure, f"{value:.4f}" if isinstance(value, float) else "none", interval))
        rows.append((name, "n", str(agreement.n), ""))
        rows.append((name, "not assessable", str(found.not_assessable[name]), ""))
    show_table(("score", "measure", "value", "95 % interval"), rows)


def _show_result(table: "PaperTable", result: "TableResult") -> None:
    columns = [f"{column} {whose}" for column in table.columns for whose in ("paper", "ours")]
    show_table(("", *columns, "note"), ((row.name, *_cells(table, row), row.note) for row in result.rows))
    if result.note:
        say(result.note)


def _cells(table: "PaperTable", row: "TableRow") -> Iterable[str]:
    for column in table.columns:
        yield f"{row.paper[column]:.4f}" if column in row.paper else ""
        interval = "({:.3f} to {:.3f})".format(*row.intervals[column]) if column in row.intervals else ""
        yield f"{row.ours[column]:.4f} {interval}".rstrip() if column in row.ours else ""


def _as_json(table: "PaperTable", half: str, result: "TableResult") -> dict[str, object]:
    rows = [
        {
            "name": row.name,
            "paper": dict(row.paper),
            "ours": dict(row.ours),
            "intervals": {column: list(interval) for column, interval in row.intervals.items()},
            "note": row.note,
        }
        for row in result.rows
    ]
    about = {"table": table.name, "title": table.title, "source": table.source, "half": half, "note": result.note}
    return {**about, "rows": rows}


def _table_row(table: "PaperTable") -> tuple[str, ...]:
    return table.name, ", ".join(table.datasets), f"{table.title} ({table.source})"


@contextmanager
def _require_lab_packages() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(describe_missing_package(error)) from error
