"""A group of commands that knows their names and one line of help each, and imports the module of the one it runs.

Importing every command takes seconds, and most need packages that not every installation has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.completion import get_completion_inspect_parameters
from typer.core import TyperCommand, TyperGroup

from sightline.config.environment import ENVIRONMENT

COMMANDS_GROUP = "sightline.commands"
"""Entry points of this group add commands: NAME = "module:function" or "module:typer application"."""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command as it is listed: `target` is "module:attribute", a function or a typer application."""

    name: str
    help: str
    target: str


class DeferredCommand(TyperCommand):
    """Stands for a command whose module is not imported yet: it can be listed, and loaded."""

    def __init__(self, entry: CommandEntry) -> None:
        super().__init__(entry.name, help=entry.help, add_help_option=False, no_args_is_help=False)
        self._target = entry.target

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the whole line: the list wraps it, and cuts nothing off."""
        return self.help or ""

    def load(self) -> Any:
        """Import the module and return the command itself."""
        module, _, attribute = self._target.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            command: Any = typer.main.get_group(found)
        else:
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
            alone.command(self.name)(found)
            command = typer.main.get_command(alone)
        command.name = self.name
        return command


class LazyGroup(TyperGroup):
    """Lists `DeferredCommand`s, and loads the one that is to run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for entry in self.entries():
            self.commands.setdefault(entry.name, DeferredCommand(entry))

    def main(self, *args: Any, **attributes: Any) -> Any:
        """Run, or complete words for a shell that asks by a variable such as `_SIGHTLINE_COMPLETE`."""
        if any(name.endswith("_COMPLETE") for name in ENVIRONMENT):
            get_completion_inspect_parameters()  # makes the shells known, which only its own option does otherwise
        return super().main(*args, **attributes)

    def entries(self) -> Sequence[CommandEntry]:
        """Return the commands in the order of the help; of two with one name the first counts."""
        return ()

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name, the command itself and what is left of the words."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, DeferredCommand) else command, rest


def find_added_commands() -> Iterable[CommandEntry]:
    """Yield the commands that other distributions add; nothing of theirs is imported."""
    for point in sorted(entry_points(group=COMMANDS_GROUP)):
        added_by = point.dist.name if point.dist is not None else "another distribution"
        yield CommandEntry(point.name, f"Added by {added_by}.", point.value)
