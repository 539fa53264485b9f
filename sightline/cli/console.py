"""Output of commands: results on standard output, everything else on standard error, credentials nowhere."""

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from domain.errors import ConfigError, SightlineError
from domain.text.camera_urls import find_secrets
from domain.text.plain_text import escape_invisible
from sightline.runtime.extras import describe_missing_package, find_missing_extra
from sightline.runtime.logging_setup import Redactor

P = ParamSpec("P")
T = TypeVar("T")

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_INTERRUPTED = 130

_SOURCE_ROOT = Path(__file__).parents[2]

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)
redactor = Redactor()


def escape_for_console(text: str) -> str:
    """Return any text ready for a console: no credentials, no control characters, none of it read as markup."""
    return escape(escape_invisible(redactor(text)))


def say(text: str, style: str = "") -> None:
    """Say one line on standard error, without credentials."""
    _print_error(escape_for_console(text), style)


def report_error(text: str) -> None:
    """Say what went wrong, one line a problem."""
    for line in redactor(text).splitlines() or ["failed"]:
        _print_error(f"[bold red]error:[/] {escape_for_console(line)}")


def _print_error(text: str, style: str = "") -> None:
    # A terminal that was closed takes no more words; what is in hand must be finished all the same.
    with suppress(OSError):
        err.print(text, style=style or None)


def write_json(record: Any) -> None:
    """Write one JSON object on one line of standard output, at once, so that a pipe can follow.

    What JSON itself leaves unescaped and a terminal would obey is escaped too.
    """
    line = json.dumps(_redact_record(record), ensure_ascii=False, allow_nan=False)
    if not line.isprintable():
        line = "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in line)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _redact_record(value: Any) -> Any:
    if isinstance(value, str):
        return redactor(value)
    if isinstance(value, dict):
        return {key: _redact_record(item) for key, item in value.items()}
    return [_redact_record(item) for item in value] if isinstance(value, list | tuple) else value


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show rows as a table on a terminal, and as lines with tabs, which scripts can read, elsewhere."""
    if not out.is_terminal:
        for row in rows:
            out.print("\t".join(escape_for_console(text) for text in row))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*(escape_for_console(text) for text in row))
    out.print(table)


def hide_url_secrets(url: str) -> None:
    """Never show this address's secrets from now on, in whatever text they turn up."""
    redactor.learn(find_secrets(url))


def without_traceback(command: Callable[P, T]) -> Callable[P, T]:
    """End a command with one clear line and an exit status: 2 for the operator's settings, 1 for all else."""

    @functools.wraps(command)
    def run_command(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except ConfigError as error:
            report_error(str(error))
            raise typer.Exit(EXIT_CONFIG) from None
        except SightlineError as error:
            report_error(str(error))
            raise typer.Exit(EXIT_FAILED) from None
        except ModuleNotFoundError as error:
            missing = find_missing_extra(error)
            report_error(describe_missing_package(error) if missing else describe_internal_error(error))
            raise typer.Exit(EXIT_CONFIG if missing else EXIT_FAILED) from None
        except BrokenPipeError:
            # The reader of our output has gone (`| head`); the interpreter must not complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(EXIT_FAILED) from None
        except KeyboardInterrupt:
            raise typer.Exit(EXIT_INTERRUPTED) from None
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:  # noqa: BLE001 - the outermost guard of every command
            # A mistake of ours: a person gets one line that names the place, and may report it.
            report_error(describe_internal_error(error))
            raise typer.Exit(EXIT_FAILED) from None

    return run_command


def describe_internal_error(error: BaseException) -> str:
    """Say of an unforeseen error what and where, for a report."""
    traced = [(Path(place.filename), place.lineno) for place in traceback.extract_tb(error.__traceback__)]
    ours = [
        (path, line) for path, line in traced if path.is_relative_to(_SOURCE_ROOT) and "site-packages" not in path.parts
    ]
    where = f" at {ours[-1][0].relative_to(_SOURCE_ROOT)}:{ours[-1][1]}" if ours else ""
    return f"internal error{where}, please report it: {type(error).__name__}: {error}"


def read_address(given: str) -> str:
    """Return an address or path; `-` reads it from standard input, so that a password need not be in the argument
    list, which every user of the machine can see.
    """
    if given != "-":
        hide_url_secrets(given)
        return given
    line = sys.stdin.readline().rstrip("\r\n")
    if not line.strip():
        raise ConfigError("standard input: expected one address on the first line")
    hide_url_secrets(line)
    return line
