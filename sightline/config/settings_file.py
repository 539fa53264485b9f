"""Reads a settings file: YAML, `${VAR}` and secret files.

Every error names the path of the value that is wrong (`cameras[2].url`) and never shows a value, which may be secret.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.errors import ConfigError
from sightline.config.environment import ENVIRONMENT
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


def settings_path(given: Path | None, environment: Mapping[str, str] = ENVIRONMENT) -> Path | None:
    """Return the file to read: the one given, else `$SIGHTLINE_SETTINGS`, else ./sightline.yaml where it exists."""
    if given is not None:
        return given
    if SETTINGS_VARIABLE in environment:
        return Path(environment[SETTINGS_VARIABLE])
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def read_settings_file(path: Path, environment: Mapping[str, str] = ENVIRONMENT) -> dict[str, Any]:
    """Return the file's content with variables and secret files filled in.

    Raises `ConfigError` with one line for each value that cannot be filled in.
    """
    content, problems = fill_settings_file(path, environment)
    if problems:
        raise ConfigError("\n".join(problems.values()))
    return content


def fill_settings_file(
    path: Path, environment: Mapping[str, str] = ENVIRONMENT
) -> tuple[dict[str, Any], Mapping[str, str]]:
    """Return the file's content, and what is wrong with the values that cannot be filled in, by their path.

    Such a value is None in the content. Raises `ConfigError` where the file cannot be read at all.
    """
    try:
        content = parse_yaml(read_text(path, most_bytes=MAX_SETTINGS_BYTES))
    except ConfigError as error:
        raise ConfigError(f"settings file {path}: {error}") from None
    if content is None:
        return {}, {}
    if not isinstance(content, dict):
        raise ConfigError(f"settings file {path}: expected keys and values, such as 'cameras:'")
    filler = _ValueFiller(environment, path.parent)
    filled: dict[str, Any] = filler.fill(content, "")
    return filled, filler.problems


class _ValueFiller:
    """Replaces `${VAR}`, `${VAR:-default}`, `$$` and `KEY_file` at any depth, and notes what it cannot replace."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self.problems: dict[str, str] = {}

    def fill(self, value: Any, at: str) -> Any:
        """Return `value` filled in; None, with its problem noted, for what cannot be."""
        if isinstance(value, dict):
            return self._fill_mapping(value, at)
        if isinstance(value, list):
            return [self.fill(item, f"{at}[{i}]") for i, item in enumerate(value)]
        try:
            return _fill_scalar(value, self._environment, at)
        except ConfigError as error:
            return self._note(at, error)

    def _fill_mapping(self, mapping: dict[Any, Any], at: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for raw_key, item in mapping.items():
            # YAML 1.1 reads the keys `on`, `off`, `yes` and `no` as booleans, and digits as numbers.
            key = str(raw_key)
            path = _key_path(at, key)
            filled = self.fill(item, path)
            base = key.removesuffix("_file")
            if base != key and base in SECRET_KEYS:
                filled = self._fill_secret(filled, path, _key_path(at, base), given_too=base in mapping)
                key = base
                if base in mapping:
                    continue
            if key in result:
                self._note(path, ConfigError(f"{path}: given twice; keep one"))
            result[key] = filled
        return result

    def _fill_secret(self, file: Any, path: str, base_path: str, *, given_too: bool) -> Any:
        if path in self.problems:
            return self._note(base_path, ConfigError(self.problems.pop(path)))
        try:
            if given_too:
                raise ConfigError(f"{path}: '{base_path.rpartition('.')[2]}' is given too; keep one of them")
            return _read_secret(file, self._folder, path)
        except ConfigError as error:
            return self._note(base_path, error)

    def _note(self, at: str, error: ConfigError) -> None:
        self.problems[at] = str(error)


def _key_path(at: str, key: str) -> str:
    return f"{at}.{key_for_message(key)}" if at else key_for_message(key)


def _fill_scalar(value: Any, environment: Mapping[str, str], at: str) -> Any:
    if isinstance(value, str):
        return _expand_text(value, environment, at)
    if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
        raise ConfigError(f"{at}: this number cannot be used; give a smaller one")
    return value


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
    """Return name, default and end of the `${NAME}` or `${NAME:-default}` at `start`, None where there is none."""
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
    # A no-break space may be in a password, a wide one in a Japanese name. Whatever else shows nothing moves a
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
