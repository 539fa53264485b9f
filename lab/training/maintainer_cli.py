"""Behind `python -m lab.training.MODEL`: from a finished training to bundled weights and a card."""

import typer
from rich.console import Console

from domain.errors import ConfigError


def run_maintainer_app(app: typer.Typer) -> None:
    """Run the command; what the operator must mend is said in a line, not in a traceback."""
    try:
        app()
    except ConfigError as error:
        Console(stderr=True).print(str(error), style="red", markup=False)
        raise SystemExit(2) from error
