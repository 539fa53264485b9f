"""The columns of a CSV file of cameras: every setting of a camera as one cell, read and written alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.cameras import Camera, FaultSetting, Mask, RtspTransport, SamplingMode
from domain.errors import ConfigError
from domain.faults import Fault
from domain.masks import check_masks
from domain.text.names import clean_label, clean_tags
from domain.text.value_errors import describe_value_error
from sightline.config.settings import FaultSettings, MaskSettings, PlanSettings
from sightline.config.strict_yaml import key_for_message

Model = TypeVar("Model", bound=BaseModel)

BETWEEN = "|"
"""Between two tags, masks or faults of a cell; commas and semicolons separate columns."""
_DEFAULT = Camera("default", "")
_RECTANGLE = ("left", "top", "width", "height")
_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})


@dataclass(frozen=True, slots=True)
class CameraColumn:
    """One setting: `read(camera, cell)` returns the camera with it, `write(camera)` its cell."""

    read: Callable[[Camera, str], Camera]
    write: Callable[[Camera], str]

    def apply(self, camera: Camera, cell: str, *, where: str) -> Camera:
        """Return the camera with what a cell says; an empty one says the default. Raises `ConfigError`."""
        try:
            return self.read(camera, cell if cell.strip() else self.write(_DEFAULT))
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from None


def _yes_or_no(cell: str) -> bool:
    word = cell.strip().lower()
    if word not in _YES | _NO:
        raise ConfigError("must be yes or no")
    return word in _YES


def _switch(field: str) -> CameraColumn:
    def read(camera: Camera, cell: str) -> Camera:
        value: dict[str, Any] = {field: _yes_or_no(cell)}
        return replace(camera, **value)

    return CameraColumn(read, lambda camera: "yes" if getattr(camera, field) else "no")


def _check(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Return the values by the rules of the settings file."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        raise ConfigError(describe_value_error(problem["type"], problem.get("ctx", {}), problem["msg"])) from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError("must be a number, with a point before its fraction") from None


def _plan_seconds(key: str) -> CameraColumn:
    def read(camera: Camera, cell: str) -> Camera:
        checked = _check(PlanSettings, {key: _number(cell)})
        return replace(camera, plan=replace(camera.plan, **{key: getattr(checked, key)}))

    return CameraColumn(read, lambda camera: repr(getattr(camera.plan, key)))


def _choose(kind: type[Any], cell: str) -> Any:
    try:
        return kind(cell.strip().lower())
    except ValueError:
        raise ConfigError(f"must be one of {', '.join(each.value for each in kind)}") from None


def _read_masks(camera: Camera, cell: str) -> Camera:
    masks = []
    for part in filter(str.strip, cell.split(BETWEEN)):
        numbers = [_number(each) for each in part.split()]
        masks.append(_check(MaskSettings, _mask_settings(numbers)).mask())
    check_masks(masks)
    return replace(camera, masks=tuple(masks))


def _mask_settings(numbers: list[float]) -> dict[str, Any]:
    """Read four numbers as a rectangle, six or more in pairs as the corners of a polygon."""
    if len(numbers) == len(_RECTANGLE):
        return dict(zip(_RECTANGLE, numbers, strict=True))
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        return {"points": tuple(zip(numbers[::2], numbers[1::2], strict=True))}
    raise ConfigError(
        f"a mask is written as left top width height, or as x y of three corners or more, and '{BETWEEN}' between two"
    )


def _write_masks(camera: Camera) -> str:
    return BETWEEN.join(" ".join(map(repr, _mask_numbers(mask))) for mask in camera.masks)


def _mask_numbers(mask: Mask) -> list[float]:
    corners = [number for corner in mask.points for number in corner]
    return corners or [getattr(mask, name) for name in _RECTANGLE]


def _read_tags(camera: Camera, cell: str) -> Camera:
    return replace(camera, tags=clean_tags(cell.split(BETWEEN), where="tags"))


def _read_faults(camera: Camera, cell: str) -> Camera:
    faults = {}
    for part in filter(str.strip, cell.split(BETWEEN)):
        key, _, said = part.strip().partition("=")
        try:
            fault = Fault(key.strip())
        except ValueError:
            raise ConfigError(f"'{key_for_message(key)}' is no fault; write FAULT=off or FAULT=1 to 10") from None
        if fault in faults:
            raise ConfigError(f"'{fault.value}' is there twice")
        faults[fault] = _read_fault(said.split())
    return replace(camera, faults=faults)


def _read_fault(words: list[str]) -> FaultSetting:
    """Read `off`, a sensitivity, or both."""
    off = words[:1] == ["off"]
    numbers = words[off:]
    if len(numbers) > 1 or not (off or numbers) or not all(each.isascii() and each.isdigit() for each in numbers):
        raise ConfigError("write FAULT=off or FAULT=1 to 10")
    given = {"sensitivity": int(numbers[0][:4])} if numbers else {}
    return FaultSetting(**_check(FaultSettings, {"enabled": not off, **given}).model_dump())


def _write_faults(camera: Camera) -> str:
    return BETWEEN.join(f"{fault.value}={_write_fault(chosen)}" for fault, chosen in sorted(camera.faults.items()))


def _write_fault(chosen: FaultSetting) -> str:
    if chosen.enabled:
        return str(chosen.sensitivity)
    return "off" if chosen == FaultSetting(enabled=False) else f"off {chosen.sensitivity}"


SETTING_COLUMNS: Mapping[str, CameraColumn] = {
    "tags": CameraColumn(_read_tags, lambda camera: BETWEEN.join(camera.tags)),
    "enabled": _switch("enabled"),
    "transport": CameraColumn(
        lambda camera, cell: replace(camera, transport=_choose(RtspTransport, cell)),
        lambda camera: camera.transport.value,
    ),
    "plan": CameraColumn(
        lambda camera, cell: replace(camera, plan=replace(camera.plan, mode=_choose(SamplingMode, cell))),
        lambda camera: camera.plan.mode.value,
    ),
    "interval_s": _plan_seconds("interval_s"),
    "judge_s": _plan_seconds("judge_s"),
    "every_s": _plan_seconds("every_s"),
    "ptz": _switch("ptz"),
    "lit_at_night": _switch("lit_at_night"),
    "analogue": _switch("analogue"),
    "masks": CameraColumn(_read_masks, _write_masks),
    "faults": CameraColumn(_read_faults, _write_faults),
    "device": CameraColumn(
        lambda camera, cell: replace(camera, device=clean_label(cell, where="device")), lambda camera: camera.device
    ),
}
"""The columns beside name, url, site and group."""
