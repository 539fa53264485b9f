"""What a table of a paper is here: rows with the paper's figures beside ours, and the scatter behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab.training.samples import Values


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line. `paper` and `ours` by column; a column missing in `ours` was not run, and `note` says why.

    `intervals` are the 95 % of `ours` over pictures, where they were computed.
    """

    name: str
    paper: Mapping[str, float] = field(default_factory=dict)
    ours: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scatter:
    """Predictions (N,) and labels (N,) of one model, shown with the fitted logistic."""

    name: str
    predicted: Values
    labels: Values


@dataclass(frozen=True)
class TableResult:
    """The rows of a table in the paper's order; `scatters` may be empty. `note` is said of the whole table."""

    rows: tuple[TableRow, ...]
    scatters: tuple[Scatter, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReproductionOptions:
    """Where a table is reproduced: `data` holds one folder a data set, by name; `runs` keeps what is trained.

    `repetitions` None means as many as the paper has; on a published split each is a training with a seed of its own.
    `half` is which side is judged: "test" for final figures. `options` change the plan of a `settable` table.
    """

    data: Path
    runs: Path
    repetitions: int | None = None
    half: str = "test"
    start: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaperTable:
    """A table or figure of a paper. `datasets` by name, those that must lie in `ReproductionOptions.data`.

    `reproduce` raises ConfigError early where data or weights are missing, before anything is trained. `settable` says
    whether it reads `ReproductionOptions.options`.
    """

    name: str
    title: str
    source: str
    datasets: tuple[str, ...]
    columns: tuple[str, ...]
    reproduce: Callable[[ReproductionOptions], TableResult]
    settable: bool = False
