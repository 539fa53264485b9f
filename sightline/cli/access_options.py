"""What `sightline users` and `sightline keys` share: a role, and the cameras somebody may see."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from domain.access import AccessScope, UserRole
from domain.errors import ConfigError
from domain.text.names import clean_label, clean_name

MAX_PERSON_NAME = 100
"""As long as a name in the log of an incident may be."""

RoleOption: TypeAlias = Annotated[
    UserRole,
    typer.Option("--role", help="viewer reads, operator works on incidents, admin changes cameras and settings."),
]
SitesOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--site", help="Only the cameras of this site; may be given again.")
]
CamerasOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--camera", help="Only this camera, and others so named; may be given again.")
]


def choose_scope(sites: Sequence[str] | None, cameras: Sequence[str] | None) -> AccessScope:
    """Return the scope of the options; every camera where none was given. Raises `ConfigError`."""
    named = [clean_label(site, where="--site") for site in sites or ()]
    if "" in named:
        raise ConfigError("--site: a name is needed")
    return AccessScope(frozenset(named), frozenset(clean_name(name, where="--camera") for name in cameras or ()))


def choose_account_name(name: str) -> str:
    """Return the name of a user or a key as it is kept. Raises `ConfigError`."""
    found = clean_name(name, where="NAME")
    if len(found) > MAX_PERSON_NAME:
        raise ConfigError(f"NAME: at most {MAX_PERSON_NAME} characters")
    return found


def describe_scope(scope: AccessScope) -> str:
    """Return a scope in words, for a list."""
    if scope.is_unrestricted:
        return "every camera"
    sites = [f"site {name}" for name in sorted(scope.sites)]
    return ", ".join([*sites, *(f"camera {name}" for name in sorted(scope.cameras))])
