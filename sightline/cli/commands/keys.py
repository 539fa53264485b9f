"""`sightline keys`: API keys of programs."""

import sys
from datetime import timedelta
from typing import Annotated

import typer

from api.security.passwords import make_key_text
from domain.access import ApiKey, UserRole
from domain.errors import ConfigError
from sightline.cli.access_options import (
    CamerasOption,
    RoleOption,
    SitesOption,
    choose_account_name,
    choose_scope,
    describe_scope,
)
from sightline.cli.console import say, show_table, without_traceback, write_json
from sightline.cli.options import ByOption, JsonOption, SettingsOption, choose_person, load_command_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Add, list and revoke the API keys of programs.")

MAX_DAYS = 730


@app.command()
@without_traceback
def add(
    name: Annotated[str, typer.Argument(help="What the key is for; logs show it as who did something.")],
    *,
    role: RoleOption = UserRole.VIEWER,
    site: SitesOption = None,
    camera: CamerasOption = None,
    days: Annotated[int, typer.Option(min=1, max=MAX_DAYS, help="For how many days the key counts.")] = 90,
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Make a key and print it, this once: only a hash of it is kept."""
    clock, chosen = SystemClock(), load_command_settings(settings)
    name, scope, person = choose_account_name(name), choose_scope(site, camera), choose_person(by)
    key_id, text, digest = make_key_text()
    now = clock.now()
    key = ApiKey(key_id, name, role, digest, now + timedelta(days=days), scope)
    with command_stores(chosen, clock) as stores:
        if not stores.access.add_key(key, by=person, at=now):
            raise ConfigError(f"NAME: there is or was a key '{name}' already; choose another name")
    say(f"added {name}: {role}, {describe_scope(scope)}, until {key.expires_at:%Y-%m-%d}; it is shown this once:")
    sys.stdout.write(text + "\n")


@app.command("list")
@without_traceback
def list_keys(settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """List the keys, without their secrets."""
    clock = SystemClock()
    with command_stores(load_command_settings(settings), clock) as stores:
        keys = stores.access.keys()
    if json_lines:
        for key in keys:
            scope = {"sites": sorted(key.scope.sites), "cameras": sorted(key.scope.cameras)}
            until = key.expires_at.isoformat()
            write_json({"name": key.name, "role": key.role, **scope, "expires_at": until, "revoked": key.revoked})
        return
    now = clock.now()
    rows = (
        (k.name, k.role, describe_scope(k.scope), f"{k.expires_at:%Y-%m-%d}", _state(k.revoked, k.expires_at <= now))
        for k in keys
    )
    show_table(("name", "role", "sees", "until", "state"), rows)


@app.command()
@without_traceback
def revoke(
    name: Annotated[str, typer.Argument(help="As `list` shows it.")], settings: SettingsOption = None, by: ByOption = ""
) -> None:
    """End a key for good, within seconds."""
    clock = SystemClock()
    with command_stores(load_command_settings(settings), clock) as stores:
        if not stores.access.revoke_key(name, by=choose_person(by), at=clock.now()):
            raise ConfigError(f"NAME: there is no key '{name}'; see: sightline keys list")
    say(f"revoked {name}")


def _state(revoked: bool, expired: bool) -> str:
    return "revoked" if revoked else "expired" if expired else ""
