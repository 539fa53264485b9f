"""Changes of a camera: what was before and after, without secrets, and how a change is undone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from domain.cameras import Camera, FaultSetting, Mask, RtspTransport, SamplingMode, SamplingPlan
from domain.errors import ConfigError, SightlineError
from domain.faults import Fault, known_fault
from domain.text.addresses import HIDDEN, parse_address
from domain.text.camera_urls import redact_url

CameraEdit: TypeAlias = Callable[[Camera], Camera]
CameraValues: TypeAlias = Mapping[str, Any]
"""What an operator chose for a camera, as JSON values by name; the address without its secrets."""


BY_SETTINGS = "settings file"
"""Who changed a camera, where it was the file."""


class CameraAction(StrEnum):
    ADD = "add camera"
    EDIT = "edit camera"
    PUT = "put camera"
    """Added or replaced whole, by the settings file or a command."""
    ACCEPT = "accept view"
    REMOVE = "remove camera"


@dataclass(frozen=True, slots=True)
class CameraChange:
    """One change of a camera."""

    change_id: int
    """Counts up; it names the change to undo."""
    at: datetime
    by: str
    """Who made it."""
    action: str
    camera: str
    before: CameraValues | None = field(default=None)
    """None where the camera was new."""
    after: CameraValues | None = field(default=None)
    """None where it was removed."""
    hidden: bool = False
    """The login or another secret of the address changed, which neither side shows."""

    def keys(self) -> tuple[str, ...]:
        """Return the names of the values that changed."""
        if self.before is None or self.after is None:
            return ()
        return tuple(key for key in self.after if self.before.get(key) != self.after[key])


def values_of(camera: Camera) -> dict[str, Any]:
    """Return what an operator chose for a camera, its address without secrets."""
    plan = camera.plan
    return {
        "address": redact_url(camera.url),
        "site": camera.site,
        "group": camera.group,
        "tags": list(camera.tags),
        "enabled": camera.enabled,
        "transport": camera.transport.value,
        "plan": {
            "mode": plan.mode.value, "interval_s": plan.interval_s, "judge_s": plan.judge_s, "every_s": plan.every_s,
        },
        "ptz": camera.ptz,
        "lit_at_night": camera.lit_at_night,
        "analogue": camera.analogue,
        "masks": [_mask_values(mask) for mask in camera.masks],
        "faults": {
            fault.value: {"enabled": chosen.enabled, "sensitivity": chosen.sensitivity}
            for fault, chosen in sorted(camera.faults.items())
            if chosen != FaultSetting()
        },
        "device": camera.device,
    }  # fmt: skip


def _mask_values(mask: Mask) -> list[Any]:
    """Return [left, top, width, height], or the corners [[x, y], …] of a polygon."""
    return [list(each) for each in mask.points] or [mask.left, mask.top, mask.width, mask.height]


def _mask_of(values: Sequence[Any]) -> Mask:
    if isinstance(values[0], int | float):
        left, top, width, height = map(float, values)
        return Mask(left, top, width, height)
    return Mask.polygon([(float(x), float(y)) for x, y in values])


def describe_change(before: CameraValues | None, after: CameraValues | None, *, hidden: bool = False) -> str:
    """Return a change in one line: "site: 'A' → 'B'"; "" where nothing that shows changed."""
    if after is None:
        return "" if before is None else f"was {before['address']}"
    if before is None:
        return str(after["address"])
    phrases = [
        f"{key}: {_show(before.get(key))} → {_show(after[key])}" for key in after if before.get(key) != after[key]
    ]
    if hidden:
        phrases.append("address: its login or another hidden part")
    return "; ".join(phrases)


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_show(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_show(each) for each in value) + "]"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def keep_login(address: str, current: str, *, where: str = "address") -> str:
    """Return an address as typed, with `***` in place of its login replaced by the known one.

    A login goes along only to the host it was given for: else whoever may edit could send it to a host of their own.
    Raises `ConfigError` where something hidden cannot be filled in.
    """
    typed = address.strip()
    if typed == redact_url(current):
        return current
    if HIDDEN not in typed:
        return typed
    new, old = parse_address(typed), parse_address(current)
    same_host = (
        new is not None
        and old is not None
        and (new.scheme.lower(), new.host.lower()) == (old.scheme.lower(), old.host.lower())
    )
    if same_host and new is not None and old is not None and new.login == HIDDEN and HIDDEN not in new.rest:
        return f"{new.scheme}://{old.login}@{new.host}{new.rest}"
    raise ConfigError(f"{where}: type the login again; it is kept hidden, and only for the same host")


def with_values(camera: Camera, values: CameraValues) -> Camera:
    """Return the camera with these values in place of its own. Raises `ConfigError` for an address with secrets lost.

    The values are those of `values_of`, all of them or some.
    """
    change: dict[str, Any] = {key: values[key] for key in _PLAIN if key in values}
    if "address" in values:
        change["url"] = keep_login(values["address"], camera.url)
    if "transport" in values:
        change["transport"] = RtspTransport(values["transport"])
    if "tags" in values:
        change["tags"] = tuple(values["tags"])
    if "plan" in values:
        plan = values["plan"]
        change["plan"] = SamplingPlan(
            SamplingMode(plan["mode"]), float(plan["interval_s"]), float(plan["judge_s"]), float(plan["every_s"])
        )
    if "masks" in values:
        change["masks"] = tuple(map(_mask_of, values["masks"]))
    if "faults" in values:
        chosen = ((known_fault(key), each) for key, each in values["faults"].items())
        change["faults"] = {
            fault: FaultSetting(each["enabled"], each["sensitivity"]) for fault, each in chosen if fault is not None
        }
    return replace(camera, **change)


def with_fault(camera: Camera, fault: Fault, setting: FaultSetting) -> Camera:
    """Return the camera with its setting of one fault; a neutral one is not kept."""
    others = {key: chosen for key, chosen in camera.faults.items() if key is not fault}
    return replace(camera, faults=others if setting == FaultSetting() else {**others, fault: setting})


_PLAIN = ("site", "group", "enabled", "ptz", "lit_at_night", "analogue", "device")


def camera_to_restore(change: CameraChange) -> Camera:
    """Return a removed camera as it was. Raises `ConfigError` where its address held secrets, which are not kept."""
    if change.before is None:
        raise ConfigError(f"change {change.change_id}: removed nothing that could be brought back")
    address = str(change.before["address"])
    if HIDDEN in address:
        raise ConfigError(
            f"change {change.change_id}: the login of '{change.camera}' was not kept; add the camera again with it"
        )
    return with_values(Camera(change.camera, address), change.before)


def undo_edit(camera: Camera, change: CameraChange) -> Camera:
    """Return the camera with a change of it taken back; what was changed otherwise meanwhile is left as it is.

    Raises `ConfigError` where a value was changed again since, or cannot be brought back.
    """
    if change.before is None or change.after is None:
        raise ConfigError(f"change {change.change_id}: was no edit")
    if change.hidden:
        raise ConfigError(f"change {change.change_id}: changed a login, and the former one is not kept; type it again")
    before, after, now = _flat(change.before), _flat(change.after), _flat(values_of(camera))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if not keys:
        raise ConfigError(f"change {change.change_id}: left nothing to undo")
    again = [".".join(key) for key in keys if now.get(key) != after.get(key)]
    if again:
        raise ConfigError(f"change {change.change_id}: {', '.join(again)} was changed again since; edit the camera")
    values = {name: change.before[name] for name, *fault in keys if not fault}
    faults = {fault: before.get(("faults", fault)) for _, fault in _pairs(keys)}
    if faults:
        settings = {**values_of(camera)["faults"], **faults}
        values["faults"] = {fault: each for fault, each in settings.items() if each is not None}
    return with_values(camera, values)


def _flat(values: CameraValues) -> dict[tuple[str, ...], Any]:
    """Return the values by name, those of each fault by themselves: two faults are edited and undone apart."""
    flat: dict[tuple[str, ...], Any] = {(key,): value for key, value in values.items() if key != "faults"}
    return flat | {("faults", fault): each for fault, each in values.get("faults", {}).items()}


def _pairs(keys: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(key[0], key[1]) for key in keys if len(key) == 2]


class CameraChangedMeanwhile(SightlineError):
    """Somebody changed a camera after the editor had read it; `change` is that change."""

    def __init__(self, change: CameraChange) -> None:
        super().__init__(f"{change.by} changed this camera at {change.at:%Y-%m-%d %H:%M:%S} UTC; read it again")
        self.change = change


def refuse_later_change(latest: Sequence[CameraChange], last_change: int) -> None:
    """Raise `CameraChangedMeanwhile` where the latest change is not the one that the editor saw last."""
    if latest and latest[0].change_id != last_change:
        raise CameraChangedMeanwhile(latest[0])
