"""`sightline users`: who signs in, and what they may do."""

import sys
from typing import Annotated

import typer

from api.security.passwords import check_new_password, hash_password
from domain.access import User, UserRole
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
from sightline.runtime.setup_link import make_setup_link
from sightline.runtime.stores import command_stores

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The people who sign in: add, list, change and remove them, set passwords.",
)

NameArgument = Annotated[str, typer.Argument(help="The name to sign in with.")]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of standard input.")
]


@app.command()
@without_traceback
def add(
    name: NameArgument,
    *,
    role: RoleOption = UserRole.VIEWER,
    site: SitesOption = None,
    camera: CamerasOption = None,
    password_stdin: StdinOption = False,
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Add a user; from the first one on, everybody must sign in."""
    clock, chosen = SystemClock(), load_command_settings(settings)
    name, scope, person = choose_account_name(name), choose_scope(site, camera), choose_person(by)
    user = User(name, role, hash_password(_ask_password(password_stdin)), scope)
    with command_stores(chosen, clock) as stores:
        if not stores.access.add_user(user, by=person, at=clock.now()):
            raise ConfigError(f"NAME: there is a user '{name}' already; see: sightline users list")
    say(f"added {name}: {role}, {describe_scope(scope)}")


@app.command("list")
@without_traceback
def list_users(settings: SettingsOption = None, json_lines: JsonOption = False) -> None:
    """List the users."""
    with command_stores(load_command_settings(settings), SystemClock()) as stores:
        users = stores.access.users()
    if json_lines:
        for user in users:
            scope = {"sites": sorted(user.scope.sites), "cameras": sorted(user.scope.cameras)}
            write_json({"name": user.name, "role": user.role, **scope, "enabled": user.enabled})
        return
    rows = ((u.name, u.role, describe_scope(u.scope), "" if u.enabled else "disabled") for u in users)
    show_table(("name", "role", "sees", "state"), rows)


@app.command()
@without_traceback
def change(
    name: NameArgument,
    *,
    role: Annotated[UserRole | None, typer.Option("--role", help="The new role; without it the role stays.")] = None,
    site: SitesOption = None,
    camera: CamerasOption = None,
    every_camera: Annotated[bool, typer.Option("--every-camera", help="See every camera from now on.")] = False,
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Change what a user may do and see; open sessions and kiosk links follow within seconds."""
    clock, chosen, person = SystemClock(), load_command_settings(settings), choose_person(by)
    named = choose_scope(site, camera)
    if every_camera and not named.is_unrestricted:
        raise ConfigError("--every-camera: name sites and cameras, or choose this, and not both")
    with command_stores(chosen, clock) as stores:
        user = next((each for each in stores.access.users() if each.name == name), None)
        if user is None:
            raise _unknown_user(name)
        new_role = role or user.role
        scope = named if every_camera or not named.is_unrestricted else user.scope
        stores.access.change_user(name, new_role, scope, by=person, at=clock.now())
    say(f"{name}: {new_role}, {describe_scope(scope)}")


@app.command()
@without_traceback
def remove(name: NameArgument, settings: SettingsOption = None, by: ByOption = "") -> None:
    """Remove a user for good; open sessions and kiosk links of it end within seconds. The audit stays."""
    clock, chosen, person = SystemClock(), load_command_settings(settings), choose_person(by)
    with command_stores(chosen, clock) as stores:
        if not stores.access.remove_user(name, by=person, at=clock.now()):
            raise _unknown_user(name)
    say(f"removed {name}")


@app.command()
@without_traceback
def disable(
    name: NameArgument,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let the user sign in again.")] = False,
    settings: SettingsOption = None,
    by: ByOption = "",
) -> None:
    """Let a user sign in no more; open sessions and kiosk links of it end within seconds."""
    clock = SystemClock()
    with command_stores(load_command_settings(settings), clock) as stores:
        if not stores.access.enable_user(name, undo, by=choose_person(by), at=clock.now()):
            raise _unknown_user(name)
    say(f"{'enabled' if undo else 'disabled'} {name}")


@app.command()
@without_traceback
def password(
    name: NameArgument, *, password_stdin: StdinOption = False, settings: SettingsOption = None, by: ByOption = ""
) -> None:
    """Set a user's password; open sessions end."""
    clock, chosen, person = SystemClock(), load_command_settings(settings), choose_person(by)
    with command_stores(chosen, clock) as stores:
        if all(user.name != name for user in stores.access.users()):
            raise _unknown_user(name)
        stores.access.set_password(name, hash_password(_ask_password(password_stdin)), by=person, at=clock.now())
    say(f"the password of {name} is set")


@app.command()
@without_traceback
def setup(settings: SettingsOption = None) -> None:
    """Print a link that makes the first administrator: it counts once, for an hour."""
    clock, chosen = SystemClock(), load_command_settings(settings)
    with command_stores(chosen, clock) as stores:
        link = make_setup_link(stores.access, chosen.api, clock)
    if link is None:
        raise ConfigError("there is a user already; see: sightline users list")
    sys.stdout.write(f"{link}\n")


def _unknown_user(name: str) -> ConfigError:
    return ConfigError(f"NAME: there is no user '{name}'; see: sightline users list")


def _ask_password(from_stdin: bool) -> str:
    """Return a password that may be chosen; it is never an argument, which other users of the machine could read."""
    if from_stdin:
        text = sys.stdin.readline().rstrip("\r\n")
    else:
        text = str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    check_new_password(text)
    return text
