"""Shows what `score` finds: progress on standard error, JSON lines or a summary a source on standard output."""

from collections.abc import Sequence

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from domain.errors import SightlineError
from domain.text.camera_urls import redact_text, redact_url
from sightline.cli.console import describe_internal_error, err, escape_for_console, out, report_error, write_json
from sightline.standalone.clip_evaluation import RejectedFrame, ScoringRun
from sightline.standalone.inputs import ScoreInput, UnusableInput
from sightline.standalone.report import SourceSummary, frame_json


def score_all(run: ScoringRun, wanted: Sequence[ScoreInput | UnusableInput], *, json_lines: bool) -> bool:
    """Judge one source after the other; return whether every one could be read to its end."""
    failures = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[detail]}"))
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True, disable=not err.is_terminal) as progress:
        everything = progress.add_task("sources", total=len(wanted), detail="")
        for source in wanted:
            if isinstance(source, UnusableInput):
                report_error(f"{redact_url(source.address)}: {source.reason}")
                failures += 1
            else:
                name = escape_for_console(redact_url(source.address))
                progress.update(everything, description=name, detail="opening")
                failures += not _score_one(run, source, (progress, everything), json_lines=json_lines)
            progress.advance(everything)
    return failures == 0


def _score_one(run: ScoringRun, source: ScoreInput, bar: tuple[Progress, TaskID], *, json_lines: bool) -> bool:
    progress, task = bar
    summary = SourceSummary(source.address)
    reason = ""
    try:
        for frame in run.evaluate(source):
            if isinstance(frame, RejectedFrame):
                summary.rejected += 1
                report_error(f"{redact_url(source.address)}: frame {frame.sequence}: {frame.reason}")
                continue
            summary.add(frame)
            progress.update(task, detail=f"{summary.frames} frames, {frame.at_s:.0f} s")
            if json_lines:
                write_json(frame_json(frame))
    except SightlineError as error:
        reason = redact_text(str(error))
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the guard of the loop over sources
        # One source that meets a defect of ours must not keep the others from being evaluated.
        reason = describe_internal_error(error)
    summary.track = run.track
    if not json_lines and (summary.frames or not reason):
        for line in summary.lines():
            out.print(escape_for_console(line))
    return _report_source(source, summary, reason)


def _report_source(source: ScoreInput, summary: SourceSummary, reason: str) -> bool:
    """Name the source that could not be read to its end; return whether all of it was evaluated."""
    if not reason and not summary.frames:
        reason = "no picture in it" if not summary.rejected else "no picture in it could be scored"
    if reason:
        name = redact_url(source.address)
        report_error(reason if name in reason else f"{name}: {reason}")
    return not reason and not summary.rejected
