"""Says what is wrong in a settings file: the path of each value and what to do, never the value itself."""

import difflib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from domain.text.value_errors import describe_value_error
from sightline.config.strict_yaml import key_for_message

_KEY_ERROR = "[key]"
_PATTERN_OF_NAMES = "this name cannot be used; begin with a letter or digit, then letters, digits, . _ - (at most 60)"


def describe_errors(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one line per wrong value: `cameras[2].faults.blurr: unknown key, did you mean 'blur'?`."""
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=True):
        loc = tuple(problem["loc"])
        lines.append(f"{path_text(loc) or 'settings'}: {_message(problem, loc, model)}")
    return list(dict.fromkeys(lines))


def path_text(loc: Iterable[int | str]) -> str:
    """Return pydantic's location as people write it: `cameras[2].faults.blurr`."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != _KEY_ERROR:
            text += f".{key_for_message(part)}" if text else key_for_message(part)
    return text


def _message(problem: Any, loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    if loc and loc[-1] == _KEY_ERROR:
        known = _known_keys(model, loc[:-2])
        if known:
            return _unknown_key_message(str(loc[-2]), known)
        reason = describe_value_error(problem["type"], problem.get("ctx", {}), problem["msg"])
        return _PATTERN_OF_NAMES if problem["type"] == "string_pattern_mismatch" else f"this name: {reason}"
    match problem["type"]:
        case "extra_forbidden":
            return _unknown_key_message(str(loc[-1]), _known_keys(model, loc[:-1]))
        case kind:
            return describe_value_error(kind, problem.get("ctx", {}), problem["msg"])


def _unknown_key_message(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key, did you mean '{close[0]}'?" if close else "unknown key"


def _known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys allowed at `loc`, following fields, tuples and mappings down from `model`."""
    here: Any = model
    for part in loc:
        model_here = next(iter(_models_of_annotation(here)), None)
        if isinstance(part, int):
            here = get_args(here)[0] if get_args(here) else here
        elif model_here is not None and part in model_here.model_fields:
            here = model_here.model_fields[part].annotation
        else:
            here = get_args(here)[-1] if get_args(here) else here
    for found in _models_of_annotation(here):
        return list(found.model_fields)
    keys = get_args(here)[0] if get_origin(here) in (dict, Mapping) else None
    if isinstance(keys, type) and issubclass(keys, Enum):
        return [member.value for member in keys]
    return []  # a name of one's own choice


def _models_of_annotation(annotation: Any) -> Iterable[Any]:
    """Yield the models an annotation names at its outer level (`Model`, `Model | None`, `Annotated[Model, …]`)."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) not in (tuple, dict, Mapping):
        for argument in get_args(annotation):
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                yield argument
