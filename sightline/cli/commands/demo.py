"""`sightline demo`: nine simulated cameras that develop faults, watched by the real system."""

from typing import Annotated

import typer

from sightline.cli.console import out, redactor, without_traceback
from sightline.runtime.logging_setup import set_up_logging


@without_traceback
def demo(
    duration: Annotated[float, typer.Option(min=0, help="Seconds to run; 0 runs until Ctrl-C.")] = 0.0,
) -> None:
    """Show real work: cameras made from photographs develop faults, and are found out."""
    out.print("Sightline's demo: loading")
    from sightline.demo.demo_run import run_demo  # noqa: PLC0415 - loads torch, which takes seconds

    set_up_logging("error", redactor=redactor)
    raise typer.Exit(run_demo(duration, out))
