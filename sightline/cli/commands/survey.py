"""`sightline survey`: visit each camera once and write one ranked page of what is wrong today."""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from detectors.metric_table import read_every_metric
from domain.cameras import Camera, SamplingPlan
from domain.errors import ConfigError
from domain.report_files import ReportFormat
from domain.text.names import MAX_NAME_LENGTH, clean_name
from ingest.read.recordings import file_address
from sightline.cli.console import hide_url_secrets, redactor, report_error, say, without_traceback
from sightline.cli.options import DeviceOption, SettingsOption, load_command_settings
from sightline.config.camera_csv import read_cameras
from sightline.config.settings import Settings
from sightline.runtime.logging_setup import set_up_logging
from sightline.runtime.stop_signals import stop_on_signals
from sightline.standalone.inputs import UnusableInput, find_inputs, stream_address

_FORMATS = (ReportFormat.HTML, ReportFormat.CSV, ReportFormat.JSON)

CamerasArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="CSV with the columns name, url, site, group; or pictures, recordings and folders."),
]


@without_traceback
def survey(
    cameras: CamerasArgument = None,
    *,
    for_s: Annotated[float, typer.Option("--for", min=3, help="Seconds to judge of each camera.")] = 10.0,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Cameras visited at the same time.")] = 8,
    thumbnails: Annotated[bool, typer.Option("--thumbnails", help="Show a small picture of each camera.")] = False,
    form: Annotated[ReportFormat, typer.Option("--format", "-f", help="html, csv or json.")] = ReportFormat.HTML,
    path: Annotated[Path | None, typer.Option("--out", "-o", help="File to write.")] = None,
    device: DeviceOption = None,
    settings: SettingsOption = None,
) -> None:
    """Visit each camera once, one session each, and write what is wrong today, worst first; nothing else is stored."""
    chosen = load_command_settings(settings)
    set_up_logging("error", redactor=redactor)
    if form not in _FORMATS:
        raise ConfigError("--format: a survey is written as html, csv or json; its page prints as it is")
    if thumbnails and chosen.pictures == "never":
        raise ConfigError("--thumbnails: the settings say pictures: never")
    wanted = find_cameras(cameras or [], chosen)
    for camera in wanted:
        hide_url_secrets(camera.url)
    from reports.survey.survey_file import describe_visit, export_survey, name_comparison, name_result  # noqa: PLC0415
    from reports.survey.visits import Survey, compare_entries, rank_entries  # noqa: PLC0415 - with torch, which takes seconds to load
    from sightline.standalone.survey_run import SurveyRun, VisitPlan  # noqa: PLC0415

    run = SurveyRun(chosen, VisitPlan(for_s, parallel, thumbnails, device))
    began = run.now()
    say(f"visiting {len(wanted)} cameras, each once for {for_s:g} s; nothing is stored but the page")
    entries = []
    with stop_on_signals() as stop:
        for entry in run.visit(wanted, stop):
            entries.append(entry)
            say(f"{len(entries)} of {len(wanted)}: {entry.name}: {describe_visit(entry)}")
    if len(entries) < len(wanted):
        report_error(f"{len(wanted) - len(entries)} cameras were not visited; they are not on the page")
    compared = compare_entries(entries, read_every_metric())
    for line in name_comparison(entries, compared):
        say(line)
    found = Survey(rank_entries(compared), began, version("sightline"), run.fingerprints)
    made = export_survey(found, form, key=chosen.reports.signing_key.strip())
    target = path or Path(made.name)
    try:
        target.write_bytes(made.content)
    except OSError as error:
        raise ConfigError(f"--out: cannot write {target}: {error.strerror}") from None
    say(f"{name_result(found)}; wrote {target}")


def find_cameras(paths: Sequence[Path], settings: Settings) -> Sequence[Camera]:
    """Return what to visit: the cameras of CSV files, files and folders as cameras, or those of the settings."""
    if not paths:
        found = [camera for camera in settings.domain_cameras() if camera.enabled]
        if not found:
            raise ConfigError("CAMERAS: none named, and the settings hold none; give a CSV with name,url,site,group")
        return [replace(camera, plan=SamplingPlan()) for camera in found]
    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    found = [camera for path in tables for camera in _from_csv(path)]
    found += _from_files([path for path in paths if path not in tables], {camera.name for camera in found})
    if not found:
        raise ConfigError(f"CAMERAS: {', '.join(map(str, paths))} names no camera; give each a line with name and url")
    names = [camera.name for camera in found]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ConfigError(f"CAMERAS: '{twice}' is there twice; give each camera a name of its own")
    return found


def _from_csv(path: Path) -> Sequence[Camera]:
    cameras, problems = read_cameras(path, stream_address)
    if problems:
        for camera in cameras:
            hide_url_secrets(camera.url)
        report_error("\n".join(problems))
        raise ConfigError(f"{path}: correct the lines named above")
    return cameras


def _from_files(paths: Sequence[Path], taken: AbstractSet[str]) -> Sequence[Camera]:
    """Return a camera for each picture and recording, once each, sited by its folder; no name is one of `taken`."""
    files: dict[str, Path] = {}
    for source in find_inputs(map(str, paths)):
        if isinstance(source, UnusableInput):
            raise ConfigError(f"{source.address}: {source.reason}")
        files.setdefault(file_address(source.address), Path(source.address))
    return [
        Camera(name, address, site=file.parent.name[:MAX_NAME_LENGTH])
        for (address, file), name in zip(files.items(), _name_files(list(files.values()), taken), strict=True)
    ]


def _name_files(files: Sequence[Path], taken: AbstractSet[str]) -> Sequence[str]:
    """Return a name for each file: its own, with its folder where several have it, with a number where these do too.

    Recorders export a folder for each site, in which the files have the same names.
    """
    stems = [_clean_file_name(file, file.stem) for file in files]
    wholes = [_clean_file_name(file, f"{file.absolute().parent.name} {file.name}") for file in files]
    several = Counter(stems)
    used, names = set(taken), []
    for stem, whole in zip(stems, wholes, strict=True):
        name = stem if several[stem] == 1 and stem not in used else whole
        number = 1
        while name in used:
            number += 1
            ending = f" {number}"
            name = whole[: MAX_NAME_LENGTH - len(ending)] + ending
        used.add(name)
        names.append(name)
    return names


def _clean_file_name(file: Path, text: str) -> str:
    """Return a camera's name made of a file's: characters that no name holds become hyphens."""
    plain = "".join(each if each.isalnum() or each in "._- " else "-" for each in text)[:MAX_NAME_LENGTH]
    return clean_name(plain.lstrip("._- ") or "picture", where=str(file))
