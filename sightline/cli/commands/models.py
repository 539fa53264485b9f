"""`sightline models`: which models there are, which are on, with which weights, and whether those are as promised."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from domain.errors import ConfigError
from sightline.cli.console import EXIT_FAILED, escape_for_console, out, redactor, without_traceback
from sightline.cli.options import SettingsOption, load_command_settings
from sightline.runtime.logging_setup import set_up_logging

if TYPE_CHECKING:
    from detectors.models.catalogue import Model

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The models with trained weights: list, fetch, verify and describe them.",
)

NameArgument = Annotated[str, typer.Argument(help="A model's name; `sightline models list` shows them.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
@without_traceback
def list_models(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show every model: in use, ready or off and why, with weights, licence and card; `info` says more."""
    from sightline.models.model_details import summarise_model  # noqa: PLC0415 - loads torch, which takes seconds

    rows = [summarise_model(status) for status in _model_statuses(settings)]
    if as_json:
        out.print_json(json.dumps(rows))
        return
    table = Table(box=None, padding=(0, 2, 1, 0))
    table.add_column("model", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("what it does, or why not", overflow="fold")
    for each in rows:
        found = each["weights"]
        facts = (Path(found["path"]).name, f"sha256 {found['sha256'][:12]}…", found["licence"], found["card"])
        lines = [*each["said"].splitlines(), *([", ".join(filter(None, facts))] if found["path"] else [])]
        said = "\n".join(escape_for_console(line) for line in lines)
        state = "in use" if each["judges"] else "ready" if each["state"] == "on" else "off"
        table.add_row(escape_for_console(each["name"]), state, said, style=None if each["judges"] else "dim")
    out.print(table)


@app.command()
@without_traceback
def info(name: NameArgument, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Describe one model: what it measures, its cost, its state, and its weights."""
    from sightline.models.model_details import describe_model  # noqa: PLC0415

    model = _find_model(name)
    facts = describe_model(next(status for status in _model_statuses(settings) if status.model is model))
    if as_json:
        out.print_json(json.dumps(facts))
        return
    for key, value in facts.items():
        out.print(f"[bold]{key}[/]: {escape_for_console(_value_text(value))}")


@app.command()
@without_traceback
def pull(name: NameArgument, settings: SettingsOption = None) -> None:
    """Download a model's weights into the folder `downloads_folder`; what fails its checksum is not kept."""
    from sightline.models.configured_models import downloads_folder  # noqa: PLC0415

    model = _find_model(name)
    file = model.pull(downloads_folder(load_command_settings(settings)))
    out.print(escape_for_console(f"{name}: {file.path}, sha256 {file.sha256}"))


@app.command()
@without_traceback
def verify(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Recompute the checksum of every bundled, installed and downloaded file; status 1 where one differs."""
    from sightline.models.model_details import verify_weights  # noqa: PLC0415

    checks = verify_weights(load_command_settings(settings))
    if as_json:
        out.print_json(json.dumps([check.as_json() for check in checks]))
    else:
        for check in checks:
            mark = "[green]ok    [/]" if check.right else "[bold red]wrong [/]" if check.found else "[yellow]absent[/]"
            out.print(f"{mark} {escape_for_console(check.model)}: {escape_for_console(check.text)}")
    if any(check.found and not check.right for check in checks):
        raise typer.Exit(EXIT_FAILED)


def _model_statuses(settings: SettingsOption) -> Any:
    from sightline.models.configured_models import list_model_statuses  # noqa: PLC0415

    set_up_logging("error", redactor=redactor)
    return list_model_statuses(load_command_settings(settings))


def _find_model(name: str) -> "Model":
    from detectors.models.catalogue import MODELS  # noqa: PLC0415

    if name not in MODELS:
        raise ConfigError(f"no model {name}; known are {', '.join(MODELS)}")
    return MODELS[name]


def _value_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
