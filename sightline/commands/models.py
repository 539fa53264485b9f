"""`sightline models`: which models there are, which are on, with which weights, and whether those are as promised."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from domain.errors import ConfigError
from sightline.commands.console import EXIT_FAILED, marked, out, redactor, without_traceback
from sightline.commands.options import SettingsOption, settings_from
from sightline.logging_setup import set_up_logging

if TYPE_CHECKING:
    from detectors.models import Model

app = typer.Typer(no_args_is_help=True, help="The models with trained weights: list, fetch, verify and describe them.")

NameArgument = Annotated[str, typer.Argument(help="A model's name; `sightline models list` shows them.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
@without_traceback
def list_(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Show every model: on or off and why, its weights, licence and card; `info` tells where they were looked for."""
    from sightline.model_facts import row  # noqa: PLC0415 - loads torch, which takes seconds

    rows = [row(stands) for stands in _standings(settings)]
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
        said = [each["said"], *([", ".join(filter(None, facts))] if found["path"] else [])]
        cells = (each["name"], each["state"], "\n".join(said))
        table.add_row(*(marked(cell) for cell in cells), style=None if each["state"] == "on" else "dim")
    out.print(table)


@app.command()
@without_traceback
def info(name: NameArgument, settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Describe one model: what it measures, its cost, its state, and its weights."""
    from sightline.model_facts import described  # noqa: PLC0415

    model = _known(name)
    facts = described(next(stands for stands in _standings(settings) if stands.model is model))
    if as_json:
        out.print_json(json.dumps(facts))
        return
    for key, value in facts.items():
        out.print(f"[bold]{key}[/]: {marked(_shown(value))}")


@app.command()
@without_traceback
def pull(name: NameArgument, settings: SettingsOption = None) -> None:
    """Download a model's weights into the folder `downloads`; what fails its checksum is not kept."""
    from sightline.chosen_models import downloads  # noqa: PLC0415

    model = _known(name)
    file = model.pull(downloads(settings_from(settings)))
    out.print(marked(f"{name}: {file.path}, sha256 {file.sha256}"))


@app.command()
@without_traceback
def verify(settings: SettingsOption = None, as_json: JsonOption = False) -> None:
    """Recompute the checksum of every bundled, installed and downloaded file; status 1 where one differs."""
    from sightline.model_facts import verified  # noqa: PLC0415

    checks = verified(settings_from(settings))
    if as_json:
        out.print_json(json.dumps([check.as_json() for check in checks]))
    else:
        for check in checks:
            mark = "[green]ok    [/]" if check.right else "[bold red]wrong [/]" if check.found else "[yellow]absent[/]"
            out.print(f"{mark} {marked(check.model)}: {marked(check.text)}")
    if any(check.found and not check.right for check in checks):
        raise typer.Exit(EXIT_FAILED)


def _standings(settings: SettingsOption) -> Any:
    from sightline.chosen_models import model_standings  # noqa: PLC0415

    set_up_logging("error", redactor=redactor)
    return model_standings(settings_from(settings))


def _known(name: str) -> "Model":
    from detectors.models import MODELS  # noqa: PLC0415

    if name not in MODELS:
        raise ConfigError(f"no model {name}; known are {', '.join(MODELS)}")
    return MODELS[name]


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
