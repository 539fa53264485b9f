"""Reads a settings file: YAML, `${VAR}` and secret files. The only place that reads the environment.

Every error names the path of the value that is wrong (`cameras[2].url`) and never shows a value, which may be secret.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.errors import ConfigError
from sightline.config.strict_yaml import MAX_SCALAR_LENGTH, key_for_message, parse_yaml
from sightline.config.text_file import read_text

SETTINGS_VARIABLE = "SIGHTLINE_SETTINGS"
DEFAULT_FILE = Path("sightline.yaml")
SECRET_KEYS = frozenset({"database", "password", "secret", "token", "url", "user"})
"""Keys that may be given as `KEY_file`, the path of a file that holds the value (docker secrets)."""

MAX_SETTINGS_BYTES = 4 << 20
"""A settings file of ten thousand cameras has half of that."""
MAX_SECRET_BYTES = 64 << 10
MAX_NUMBER = 2**53
"""Up to here every whole number has a place of its own, in JSON and as a float."""


def settings_path(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file to read: the one given, else `$SIGHTLINE_SETTINGS`, else ./sightline.yaml where it exists."""
    if given is not None:
        return given
    if SETTINGS_VARIABLE in environment:
        return Path(environment[SETTINGS_VARIABLE])
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def read_settings_file(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the file's content with variables and secret files filled in. Raises `ConfigError`."""
    try:
        content = parse_yaml(read_text(path, most_bytes=MAX_SETTINGS_BYTES))
    except ConfigError as error:
        raise ConfigError(f"settings file {path}: {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"settings file {path}: expected keys and values, such as 'cameras:'")
    filled: dict[str, Any] = expand_value(content, environment, folder=path.parent)
    return filled


def expand_value(value: Any, environment: Mapping[str, str], *, folder: Path, at: str = "") -> Any:
    """Return `value` with `${VAR}`, `${VAR:-default}`, `$$` and `KEY_file` replaced, at any depth."""
    if isinstance(value, dict):
        return _expand_mapping(value, environment, folder=folder, at=at)
    if isinstance(value, list):
        return [expand_value(item, environment, folder=folder, at=f"{at}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, str):
        return _expand_text(value, environment, at)
    if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
        raise ConfigError(f"{at}: this number cannot be used; give a smaller one")
    return value


def _expand_mapping(
    mapping: dict[Any, Any], environment: Mapping[str, str], *, folder: Path, at: str
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for raw_key, item in mapping.items():
        # YAML 1.1 reads the keys `on`, `off`, `yes` and `no` as booleans, and digits as numbers.
        key = str(raw_key)
        path = f"{at}.{key_for_message(key)}" if at else key_for_message(key)
        filled = expand_value(item, environment, folder=folder, at=path)
        base = key.removesuffix("_file")
        if base != key and base in SECRET_KEYS:
            if base in mapping:
                raise ConfigError(f"{path}: '{base}' is given too; keep one of them")
            key, filled = base, _read_secret(filled, folder, path)
        if key in result:
            raise ConfigError(f"{path}: given twice; keep one")
        result[key] = filled
    return result


def _expand_text(text: str, environment: Mapping[str, str], at: str) -> str:
    """Fill in variables; what they hold is text and nothing else, for the YAML was read before."""
    pieces: list[str] = []
    reached, found, size = 0, text.find("$"), 0
    while found >= 0 and size <= MAX_SCALAR_LENGTH:
        pieces.append(text[reached:found])
        reached = found + 1
        if text.startswith("$", reached):
            pieces.append("$")
            reached += 1
        elif (variable := _parse_variable(text, found)) is not None:
            name, default, reached = variable
            pieces.append(_variable_value(name, default, environment, at))
        else:
            pieces.append("$")
        size += len(pieces[-1])
        found = text.find("$", reached)
    return _check_text("".join([*pieces, text[reached:]]), at)


def _parse_variable(text: str, start: int) -> tuple[str, str | None, int] | None:
    """Return name, default and end of the `${NAME}` or `${NAME:-default}` at `start`, None where none stands."""
    end = text.find("}", start)
    if end < 0 or not text.startswith("{", start + 1):
        return None
    name, colon, default = text[start + 2 : end].partition(":-")
    if not (name.isascii() and name.isidentifier()):
        return None
    return name, default if colon else None, end + 1


def _variable_value(name: str, default: str | None, environment: Mapping[str, str], at: str) -> str:
    if name in environment:
        return environment[name][: MAX_SCALAR_LENGTH + 1]
    if default is None:
        raise ConfigError(f"{at}: variable {name} is not set; set it, or write ${{{name}:-default}}")
    return default


def _check_text(text: str, at: str) -> str:
    if len(text) > MAX_SCALAR_LENGTH:
        raise ConfigError(f"{at}: is longer than {MAX_SCALAR_LENGTH} characters")
    # A no-break space may stand in a password, a wide one in a Japanese name. Whatever else shows nothing moves a
    # cursor or hides what follows.
    if not text.replace("\u00a0", " ").replace("\u3000", " ").isprintable():
        raise ConfigError(f"{at}: holds a character that cannot be seen; type it again without it")
    return text


def _read_secret(value: object, folder: Path, at: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{at}: expected the path of a file")
    try:
        text = read_text(folder / value, most_bytes=MAX_SECRET_BYTES).strip()
    except ConfigError as error:
        raise ConfigError(f"{at}: {error}") from None
    if not text:
        # Read as "none", an empty token would open the page to everybody.
        raise ConfigError(f"{at}: the file is empty; write the value into it, or leave {at} out")
    return _check_text(text, at)
