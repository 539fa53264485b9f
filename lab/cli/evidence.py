"""`sightline bench evidence`: what is claimed of verdicts, measured by one command in pieces that are kept."""

from pathlib import Path
from typing import Annotated

import typer

from lab.cli.bench import JsonOption, print_figures
from sightline.cli.console import out, without_traceback

PartOption = Annotated[list[str] | None, typer.Option("--part", help="planted, real, healthy or fortnight; else all.")]
IntoOption = Annotated[Path, typer.Option("--into", help="Folder of the pieces; a run goes on where it stopped.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of clips; else $SIGHTLINE_DATA.")]
JobsOption = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes side by side.")]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=14, help="Fewer days of the fortnight and the webcam.")]
HoursOption = Annotated[float | None, typer.Option("--hours", min=0.1, help="Hours of the fortnight, none planted.")]
FaultOption = Annotated[list[str] | None, typer.Option("--fault", help="Plant only this one; may be given again.")]
CameraOption = Annotated[list[str] | None, typer.Option("--camera", help="Only this camera of the fortnight.")]
VisitOption = Annotated[float, typer.Option("--visit-s", min=20, help="Seconds between visits in the fortnight.")]
NoModelsOption = Annotated[bool, typer.Option("--no-models", help="The fortnight without the picture-fault model.")]
AgainOption = Annotated[bool, typer.Option("--again", help="Make every piece again.")]


@without_traceback
def evidence(
    *,
    part: PartOption = None,
    into: IntoOption = Path("~/.cache/sightline/evidence"),
    data: DataOption = None,
    jobs: JobsOption = None,
    days: DaysOption = 14,
    hours: HoursOption = None,
    fault: FaultOption = None,
    camera: CameraOption = None,
    visit_s: VisitOption = 1800.0,
    no_models: NoModelsOption = False,
    again: AgainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Planted faults, real cases, healthy hours and a simulated fortnight, beside what people do today."""
    from lab.bench.evidence import evidence_run as measured  # noqa: PLC0415 - loads torch, which takes seconds
    from lab.bench.evidence.evidence_tables import as_markdown  # noqa: PLC0415

    reduction = measured.Reduction(days, hours, tuple(fault or ()), tuple(camera or ()), visit_s, not no_models)
    parts = measured.choose_parts(part or ())
    found = measured.run(into.expanduser(), parts=parts, data=data, jobs=jobs, again=again, reduction=reduction)
    if as_json:
        print_figures(found, as_json=True)
    else:
        out.print(as_markdown(found), soft_wrap=True, markup=False, highlight=False)
