"""The command line of the laboratory: what measures and attacks the product, and what no camera needs."""

from collections.abc import Sequence

import typer

from sightline.cli.lazy_group import CommandEntry, LazyGroup

COMMANDS = (
    CommandEntry(
        "fuzz",
        "Feed damaged input to every entry point: no crash, no hang, no unforeseen error, bounded memory. Exit 1 else.",
        "lab.cli.fuzz:fuzz",
    ),
    CommandEntry("bench", "Measure this machine, and what is found on planted faults.", "lab.cli.plugin:bench"),
    CommandEntry(
        "train",
        "Train a model; stop it at any time, the same command goes on from its last checkpoint.",
        "lab.cli.training:train",
    ),
    CommandEntry(
        "evaluate", "Tell how well a model agrees with people, with 95 % intervals.", "lab.cli.training:evaluate"
    ),
    CommandEntry(
        "reproduce",
        "Compute a paper's table again, with its figures beside ours; trains first what the table needs.",
        "lab.cli.training:reproduce",
    ),
)


class _LabGroup(LazyGroup):
    def entries(self) -> Sequence[CommandEntry]:
        return COMMANDS


app = typer.Typer(
    name="sightline-lab",
    cls=_LabGroup,
    help="Trains and measures Sightline's models, and measures and attacks Sightline on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # importing what draws the boxes takes longer than all else
)


@app.callback()
def main() -> None:
    """Trains and measures Sightline's models, and measures and attacks Sightline on this machine."""
