"""Reads a settings file: YAML, `${VAR}` and secret files. The only place that reads the environment.

Every error names the path of the value that is wrong (`cameras[2].url`) and never shows a value, which may be secret.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigError

SETTINGS_VARIABLE = "SIGHTLINE_SETTINGS"
DEFAULT_FILE = Path("sightline.yaml")
SECRET_KEYS = frozenset({"database", "password", "secret", "token", "url", "user"})
"""Keys that may be given as `KEY_file`, the path of a file that holds the value (docker secrets)."""

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})")


class _UniqueKeyLoader(yaml.SafeLoader):
    """A YAML loader that refuses a key given twice, where YAML itself silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise ConfigError(f"line {key_node.start_mark.line + 1}: key '{key}' is given twice; keep one")
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"settings file {path}: {_reason(error)}") from error
    try:
        content = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"settings file {path}{where}: not valid YAML ({getattr(error, 'problem', '')})") from None
    except ConfigError as error:
        raise ConfigError(f"settings file {path} {error}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"settings file {path}: expected keys and values, such as 'cameras:'")
    filled: dict[str, Any] = expanded(content, environment, folder=path.parent)
    return filled


def expanded(value: Any, environment: Mapping[str, str], *, folder: Path, at: str = "") -> Any:
    """Return `value` with `${VAR}`, `${VAR:-default}`, `$$` and `KEY_file` replaced, at any depth."""
    if isinstance(value, dict):
        return _expanded_mapping(value, environment, folder=folder, at=at)
    if isinstance(value, list):
        return [expanded(item, environment, folder=folder, at=f"{at}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, str):
        return _expanded_text(value, environment, at)
    return value


def _expanded_mapping(
    mapping: dict[Any, Any], environment: Mapping[str, str], *, folder: Path, at: str
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for raw_key, item in mapping.items():
        # YAML 1.1 reads the keys `on`, `off`, `yes` and `no` as booleans, and digits as numbers.
        key = str(raw_key)
        path = f"{at}.{key}" if at else key
        filled = expanded(item, environment, folder=folder, at=path)
        base = key.removesuffix("_file")
        if base != key and base in SECRET_KEYS:
            if base in mapping:
                raise ConfigError(f"{path}: '{base}' is given too; keep one of them")
            result[base] = _secret(filled, folder, path)
        else:
            result[key] = filled
    return result


def _expanded_text(text: str, environment: Mapping[str, str], at: str) -> str:
    def fill(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        name, default = match["name"], match["default"]
        if name in environment:
            return environment[name]
        if default is None:
            raise ConfigError(f"{at}: variable {name} is not set; set it, or write ${{{name}:-default}}")
        return default

    return _VARIABLE.sub(fill, text)


def _secret(value: object, folder: Path, at: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{at}: expected the path of a file")
    try:
        secret = (folder / value).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{at}: {_reason(error)}") from error
    if not secret:
        # Read as "none", an empty token would open the page to everybody.
        raise ConfigError(f"{at}: the file is empty; write the value into it, or leave {at} out")
    return secret


def _reason(error: OSError | UnicodeDecodeError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return error.strerror or "cannot be read" if isinstance(error, OSError) else "is not UTF-8 text"
