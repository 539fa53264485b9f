"""Reads and checks settings: every wrong value, and every two that contradict each other, is named at once."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from domain.errors import ConfigError
from sightline.config.error_messages import describe_errors
from sightline.config.settings import Settings
from sightline.config.settings_conflicts import Location, find_conflicts, omit_wrong_values
from sightline.config.settings_file import fill_settings_file


def parse_settings(content: dict[str, Any], problems: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """Return checked settings of plain values.

    `problems` holds what is wrong already, by path; the values at these paths are not checked. Raises `ConfigError`
    with one line for each wrong value, which names its path.
    """
    wrong = list(problems.values())
    try:
        settings, omitted = _validate_content(content), frozenset[Location]()
    except ValidationError as error:
        wrong += [line for line in describe_errors(error, Settings) if line.partition(": ")[0] not in problems]
        # The rest is checked too, so that a person corrects everything in one go.
        content, omitted = omit_wrong_values(content, (each["loc"] for each in error.errors()))
        try:
            settings = _validate_content(content)
        except ValidationError:
            raise ConfigError("\n".join(wrong)) from None
    wrong += find_conflicts(settings, omitted)
    if wrong:
        raise ConfigError("\n".join(dict.fromkeys(wrong)))
    return settings


def _validate_content(content: dict[str, Any]) -> Settings:
    # Strict JSON mode refuses "5" for 5, yet reads enumerations and tuples from what YAML can write.
    return Settings.model_validate_json(json.dumps(content, default=str))


def load_settings(path: Path | None) -> Settings:
    """Return the settings of a file, or the defaults where `path` is None. Raises `ConfigError`."""
    return Settings() if path is None else parse_settings(*fill_settings_file(path))
