"""`sightline score`: evaluate pictures, recordings, folders and streams, now."""

from typing import Annotated

import typer

from domain.cameras import SamplingMode, SamplingPlan
from domain.errors import ConfigError
from sightline.cli.console import EXIT_FAILED, read_address, redactor, without_traceback
from sightline.cli.options import DeviceOption, JsonOption, SettingsOption, load_command_settings
from sightline.runtime.logging_setup import set_up_logging
from sightline.standalone.inputs import find_inputs

EveryOption = Annotated[float | None, typer.Option("--every", min=0.001, help="Judge one frame every so many seconds.")]
ForOption = Annotated[float, typer.Option("--for", min=0.1, help="Seconds to evaluate of a stream that has no end.")]


@without_traceback
def score(
    paths: Annotated[list[str], typer.Argument(help="Pictures, recordings, folders, addresses; `-` reads an address.")],
    *,
    every: EveryOption = None,
    all_frames: Annotated[bool, typer.Option("--all-frames", help="Judge every frame.")] = False,
    for_s: ForOption = 30.0,
    json_lines: JsonOption = False,
    device: DeviceOption = None,
    settings: SettingsOption = None,
) -> None:
    """Evaluate pictures and recordings as the live path would: one frame a second by default."""
    from sightline.cli.score_output import score_all  # noqa: PLC0415 - loads torch, which takes seconds
    from sightline.standalone.clip_evaluation import ScoringRun  # noqa: PLC0415

    set_up_logging("error", redactor=redactor)
    wanted = list(find_inputs(read_address(path) for path in paths))
    plan = _plan(every, all_frames=all_frames)
    run = ScoringRun(plan=plan, settings=load_command_settings(settings), device=device, live_for_s=for_s)
    if not score_all(run, wanted, json_lines=json_lines):
        raise typer.Exit(EXIT_FAILED)


def _plan(every: float | None, *, all_frames: bool) -> SamplingPlan:
    if every is not None and all_frames:
        raise ConfigError("--every and --all-frames: give one of them")
    if all_frames:
        return SamplingPlan(SamplingMode.ALL)
    return SamplingPlan() if every is None else SamplingPlan(SamplingMode.INTERVAL, every)
