"""`sightline users` and `sightline keys` on a real database."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.security.accounts import Accounts
from api.security.passwords import is_password
from domain.access import AccessScope, UserRole
from sightline.cli.main import app
from sightline.config.settings_loading import load_settings
from sightline.runtime.clock import SystemClock
from sightline.runtime.stores import command_stores

PASSWORD = "four quite plain words"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "sightline.yaml"
    path.write_text(f"database: sqlite:///{tmp_path / 'sightline.db'}\n")
    return path


def run_command(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_a_user_is_added_listed_given_a_password_and_disabled(settings: Path) -> None:
    options = ("-s", str(settings))
    added = run_command(
        "users", "add", "ann", "--role", "operator", "--site", "Depot", "--camera", "gate", "--password-stdin",
        *options, stdin=f"{PASSWORD}\n",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    assert "ann" in run_command("users", "list", *options).output
    listed = json.loads(run_command("users", "list", "--json", *options).stdout)
    assert listed == {"name": "ann", "role": "operator", "sites": ["Depot"], "cameras": ["gate"], "enabled": True}
    again = run_command("users", "add", "ann", "--password-stdin", *options, stdin=f"{PASSWORD}\n")
    assert again.exit_code == 2
    assert "there is a user 'ann' already" in again.output
    changed = run_command("users", "password", "ann", "--password-stdin", *options, stdin="four other plain words\n")
    assert changed.exit_code == 0
    assert run_command("users", "disable", "ann", *options).exit_code == 0
    with command_stores(load_settings(settings), SystemClock()) as stores:
        (user,) = stores.access.users()
        assert not user.enabled
        assert is_password("four other plain words", user.password_hash)
        assert user.scope == AccessScope(frozenset({"Depot"}), frozenset({"gate"}))
    assert run_command("users", "disable", "ann", "--undo", *options).exit_code == 0
    assert json.loads(run_command("users", "list", "--json", *options).stdout)["enabled"]


def test_a_user_gets_another_role_and_scope_and_is_removed(settings: Path) -> None:
    options = ("-s", str(settings))
    for name in ("ann", "bob"):
        added = ("users", "add", name, "--site", "Depot", "--password-stdin", *options)
        assert run_command(*added, stdin=f"{PASSWORD}\n").exit_code == 0

    def listed(*, index: int = 0) -> tuple[str, list[str], list[str]]:
        lines = run_command("users", "list", "--json", *options).stdout.splitlines()
        found = json.loads(lines[index])
        return found["role"], found["sites"], found["cameras"]

    assert run_command("users", "change", "ann", "--role", "admin", *options).exit_code == 0
    assert listed() == ("admin", ["Depot"], [])
    assert run_command("users", "change", "ann", "--camera", "gate", *options).exit_code == 0
    assert listed() == ("admin", [], ["gate"])
    both = run_command("users", "change", "ann", "--camera", "gate", "--every-camera", *options)
    assert (both.exit_code, listed()) == (2, ("admin", [], ["gate"]))
    assert run_command("users", "change", "ann", "--every-camera", *options).exit_code == 0
    assert listed() == ("admin", [], [])
    assert listed(index=1) == ("viewer", ["Depot"], [])
    assert run_command("users", "remove", "ann", *options).exit_code == 0
    last = run_command("users", "remove", "bob", *options)
    assert last.exit_code == 2
    assert "is the last user" in last.output
    assert listed() == ("viewer", ["Depot"], [])


@pytest.mark.parametrize("action", ["disable", "password", "change", "remove"])
def test_a_user_that_is_none_is_named(settings: Path, action: str) -> None:
    answer = run_command("users", action, "bob", "-s", str(settings))
    assert answer.exit_code == 2
    assert "there is no user 'bob'" in answer.output


def test_a_weak_password_is_refused_and_nothing_is_stored(settings: Path) -> None:
    answer = run_command("users", "add", "ann", "--password-stdin", "-s", str(settings), stdin="short\n")
    assert answer.exit_code == 2
    assert "12 to 256 characters" in answer.output
    assert run_command("users", "list", "--json", "-s", str(settings)).stdout == ""


def test_a_key_is_shown_once_and_works_until_it_is_revoked(settings: Path) -> None:
    options = ("-s", str(settings))
    text = run_command("keys", "add", "wall", "--role", "viewer", "--days", "7", *options).stdout.strip()
    assert text.startswith("sl_")
    listed = run_command("keys", "list", "--json", *options).stdout
    assert text.rpartition("_")[2] not in listed
    assert json.loads(listed)["name"] == "wall"
    now = datetime.now(UTC)
    with command_stores(load_settings(settings), SystemClock()) as stores:
        found = Accounts(stores.access).of_key(text, now)
        assert found is not None
        assert (found.name, found.role) == ("wall", UserRole.VIEWER)
        assert run_command("keys", "revoke", "wall", *options).exit_code == 0
        assert Accounts(stores.access).of_key(text, now) is None
    assert "revoked" in run_command("keys", "list", *options).output
    assert run_command("keys", "revoke", "door", *options).exit_code == 2
    assert run_command("keys", "add", "wall", *options).exit_code == 2
