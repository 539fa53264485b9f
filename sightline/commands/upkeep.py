"""`sightline migrate` and `sightline settings`: what an administrator does before anything runs."""

import json

import typer

from sightline.commands.console import out, say, without_traceback
from sightline.commands.options import SettingsOption, settings_from
from sightline.settings import json_schema
from storage.engine import open_engine
from storage.migrate import current, newest, upgrade

settings_app = typer.Typer(no_args_is_help=True, help="Check a settings file, or export its schema.")


@without_traceback
def migrate(settings: SettingsOption = None) -> None:
    """Bring the database to the schema of this version; does nothing when it is there."""
    engine = open_engine(settings_from(settings).database)
    try:
        before = current(engine)
        upgrade(engine)
    finally:
        engine.dispose()
    say(f"the schema is {newest()}" + ("" if before == newest() else f", it was {before or 'empty'}"))


@settings_app.command()
@without_traceback
def schema() -> None:
    """Print the JSON Schema of a settings file, for editors that complete and check."""
    out.print_json(json.dumps(json_schema()))


@settings_app.command()
@without_traceback
def check(settings: SettingsOption = None) -> None:
    """Check a settings file without starting anything."""
    chosen = settings_from(settings)
    say(f"ok: {len(chosen.cameras)} cameras in the file")
