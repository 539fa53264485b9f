"""docs/reference/cli.md: every command with its arguments and options, from the command line itself."""

from collections.abc import Iterable, Iterator
from typing import Any

from deploy.reference.markdown import as_sentence, code, head_note, write_table
from sightline.cli import main
from sightline.cli.lazy_group import CommandEntry, DeferredCommand, find_added_commands

_INTRO = """Each command has `--help`. The exit status is 0 for success, 1 when something failed, 2 for a wrong setting
or argument, and 130 when interrupted. Commands that need settings take them from `--settings`, `$SIGHTLINE_SETTINGS`,
`./sightline.yaml` or the defaults."""
_LAB_INTRO = "These commands train models and measure the product. No camera needs them."


def render_cli_page() -> str:
    """Return the page: the product's commands, then those that the laboratory adds."""
    own = _load(main.COMMANDS)
    lab = _load(entry for entry in find_added_commands() if entry.target.startswith("lab."))
    parts = [f"# Command line\n\n{head_note()}\n\n{_INTRO}"]
    parts += [_section(f"sightline {path}", command) for path, command in _leaves(own)]
    parts.append(f"# The laboratory's commands\n\n{_LAB_INTRO}")
    parts += [_section(f"sightline {path}", command) for path, command in _leaves(lab)]
    return "\n\n".join(parts) + "\n"


def _load(entries: Iterable[CommandEntry]) -> list[tuple[str, Any]]:
    return [(entry.name, DeferredCommand(entry).load()) for entry in entries]


def _leaves(commands: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Yield each command with its words, those of a group one by one."""
    for name, command in commands:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {path}", leaf) for path, leaf in _leaves(list(inner.items())))


def _section(words: str, command: Any) -> str:
    shown = [each for each in command.params if not getattr(each, "hidden", False) and each.name != "help"]
    usage = " ".join([words, *(_argument(each) for each in shown if not _is_option(each))])
    text = " ".join((command.help or "").split())
    lines = [f"## `{words}`", text, f"```\n{usage}{' [OPTIONS]' if any(map(_is_option, shown)) else ''}\n```"]
    if shown:
        lines.append(write_table(("parameter", "default", "meaning"), map(_row, shown)))
    return "\n\n".join(line for line in lines if line)


def _is_option(parameter: Any) -> bool:
    return bool(parameter.opts[0].startswith("-"))


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name).upper().strip("[]")
    many = "…" if parameter.nargs == -1 else ""
    return f"{name}{many}" if parameter.required else f"[{name}{many}]"


def _row(parameter: Any) -> tuple[str, str, str]:
    if _is_option(parameter):
        names = ", ".join(code(each) for each in (*parameter.opts, *parameter.secondary_opts))
    else:
        names = code(_argument(parameter))
    return names, _default(parameter), as_sentence(getattr(parameter, "help", "") or "")


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or value is False or value in ("", (), []) or callable(value):
        return ""
    return code(getattr(value, "value", value))
