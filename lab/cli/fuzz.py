"""`sightline-lab fuzz`, also `sightline bench fuzz`: damaged input at every entry point of the product."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import ConfigError
from lab.cli.bench import JsonOption, print_figures
from sightline.cli.console import EXIT_FAILED, without_traceback

OnlyOption = Annotated[list[str] | None, typer.Option("--only", help="A target by name; may be given again.")]
FolderOption = Annotated[Path | None, typer.Option("--into", help="A folder that keeps the inputs that did harm.")]


@without_traceback
def fuzz(
    *,
    minutes: Annotated[float, typer.Option("--minutes", min=0.05, help="How long, over all targets.")] = 1.0,
    most: Annotated[int, typer.Option("--most", min=1, help="Inputs a target at most.")] = 1_000_000_000,
    seed: Annotated[int, typer.Option("--seed", help="From it follows every input.")] = 1,
    only: OnlyOption = None,
    into: FolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Feed damaged input to every entry point: no crash, no hang, no unforeseen error, bounded memory. Exit 1 else."""
    from lab.bench.fuzz import campaign  # noqa: PLC0415 - loads PyAV and torch, which takes seconds
    from lab.bench.fuzz.target_catalogue import TARGETS, feeder_command  # noqa: PLC0415

    names = [target.name for target in TARGETS]
    for name in only or ():
        if name not in names:
            raise ConfigError(f"--only: no target '{name}'; there are {', '.join(names)}")
    chosen = [target for target in TARGETS if not only or target.name in only]
    folder = into or Path(tempfile.mkdtemp(prefix="sightline-fuzz-"))
    result = campaign.run(chosen, feeder_command, campaign.FuzzBudget(minutes, most, seed), folder)
    print_figures(result, as_json=as_json)
    if not result["clean"]:
        raise typer.Exit(EXIT_FAILED)
