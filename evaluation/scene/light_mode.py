"""Day or night: an infrared picture has no chroma, a dark one no light; the mode changes slowly and then settles."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.baselines import LightMode
from evaluation.policy import Policy
from evaluation.rules.fault_rules import UNLIT_LUMA_P95

NIGHT_LUMA, DAY_LUMA = 0.16, 0.22
"""Mean luma (0 … 1) under which it is night and over which it is day; in between the mode stays."""
NIGHT_SATURATION, DAY_SATURATION = 0.0012, 0.0022
"""Infrared pictures carry neutral chroma; only a colour stream is asked."""
BLACK_SHARE = 0.95
"""A picture this black says nothing about the hour: a lens covered at noon looks the same."""
BLOCKY, BLOCKY_STEP = 2.0, 0.7
"""Blockiness and its levels from which an encoder drops faint colours as well."""
DUSK_S = 60.0
"""Seconds that no dusk is as short as."""
FLAT_CONTRAST = 0.06
"""A colourless picture with less contrast than this is fog or a cover, not an infrared night."""


@dataclass(frozen=True, slots=True)
class LightState:
    """What is known of the light."""

    mode: LightMode | None = None
    """In force; None before the first picture."""
    coming: LightMode | None = None
    """The mode that seems to come; None where none does."""
    coming_since: datetime | None = None
    settling_until: datetime | None = None
    """Until then the picture is given time after a change."""
    changed_at: datetime | None = None
    """When the mode last changed; None where it never did."""
    unlit: bool = False
    """The scene shows nothing."""
    unlit_since: datetime | None = None
    dark_nights: bool = False
    """This camera's night is known to be unlit, so that darkness is no news."""
    twilight: bool = False
    """The picture lies between the bounds of day and night."""
    bright_at: datetime | None = None
    """When it was last broad daylight."""
    sudden: bool = False
    """Whether the darkness that seems to come fell within `DUSK_S` of broad daylight, colours and all."""

    def is_settling(self, now: datetime) -> bool:
        return self.settling_until is not None and now < self.settling_until

    def is_steady(self, now: datetime, steady_s: float) -> bool:
        """Return whether the mode has lasted so long that dawn or dusk is over."""
        return self.changed_at is None or (now - self.changed_at).total_seconds() >= steady_s

    def unlit_for_s(self, now: datetime) -> float:
        return (now - self.unlit_since).total_seconds() if self.unlit and self.unlit_since else 0.0


def detect_light_mode(values: Mapping[str, float], mode: LightMode | None) -> LightMode | None:
    """Return which light one picture shows; `mode` where it lies between the bounds, None where it cannot be
    decided.
    """
    luma = values.get("luma_mean")
    if luma is None:
        return mode
    saturation = values.get("saturation", 1.0)
    if luma < NIGHT_LUMA:
        return LightMode.NIGHT
    if saturation < NIGHT_SATURATION:
        return mode if mode is not None and _colour_may_be_lost(values) else LightMode.NIGHT
    if luma > DAY_LUMA and saturation > DAY_SATURATION:
        return LightMode.DAY
    return mode or (LightMode.DAY if luma > (NIGHT_LUMA + DAY_LUMA) / 2 else LightMode.NIGHT)


def _colour_may_be_lost(values: Mapping[str, float]) -> bool:
    """Return whether a veil or the encoder, not an infrared night, explains a picture without colour."""
    flat = values.get("contrast_rms", 1.0) < FLAT_CONTRAST
    blocky = values.get("blockiness", 1.0) >= BLOCKY and values.get("block_step", 0.0) >= BLOCKY_STEP
    return flat or blocky


def is_twilight(values: Mapping[str, float]) -> bool:
    """Return whether a picture lies between the bounds of day and night."""
    return NIGHT_LUMA <= values.get("luma_mean", 1.0) <= DAY_LUMA


def _is_unlit(light: LightState, values: Mapping[str, float], mode: LightMode | None) -> bool:
    dark = values.get("luma_p95", 1.0) < UNLIT_LUMA_P95
    return dark and (mode is LightMode.NIGHT or light.dark_nights)


def is_black(values: Mapping[str, float]) -> bool:
    """Return whether a picture is too black to tell the hour by."""
    return values.get("black_share", 0.0) >= BLACK_SHARE


def is_light_changing(light: LightState, values: Mapping[str, float]) -> bool:
    """Return whether another light seems to come as light does: not at once with all its colours, and not to black."""
    return light.coming is not None and not _is_implausible_change(light, values)


def _is_implausible_change(light: LightState, values: Mapping[str, float]) -> bool:
    return is_black(values) or light.sudden


def _dwell_s(light: LightState, values: Mapping[str, float], policy: Policy) -> float:
    at_once = _is_implausible_change(light, values) and not light.dark_nights
    return policy.black_dwell_s if at_once else policy.mode_dwell_s


def _darkens_at_once(light: LightState, values: Mapping[str, float], detected: LightMode | None, now: datetime) -> bool:
    """Return whether broad daylight turned dark within `DUSK_S` without losing its colours.

    Dusk passes through twilight slowly, and a camera that swings its filter out for the night loses all colour.
    """
    coloured = values.get("saturation", 1.0) >= NIGHT_SATURATION
    recent = light.bright_at is not None and (now - light.bright_at).total_seconds() < DUSK_S
    return detected is LightMode.NIGHT and coloured and recent


def update_light(light: LightState, values: Mapping[str, float], now: datetime, policy: Policy) -> LightState:
    """Return the light after one more picture.

    The first picture sets the mode at once. Later another mode must be seen for `mode_dwell_s` on end; a picture that
    went black or dark at once for `black_dwell_s`, because night never falls within a second. What was learned then
    makes darkness no news the next evening.
    """
    detected = detect_light_mode(values, light.mode)
    falls = _darkens_at_once(light, values, detected, now)
    bright = values.get("luma_mean", 0.0) > DAY_LUMA
    light = replace(light, twilight=is_twilight(values), bright_at=now if bright else light.bright_at)
    if light.mode is None:
        light = replace(light, mode=detected)
    elif detected is None or detected is light.mode:
        light = replace(light, coming=None, coming_since=None, sudden=False)
    elif detected is not light.coming or light.coming_since is None:
        light = replace(light, coming=detected, coming_since=now, sudden=falls)
    elif (now - light.coming_since).total_seconds() >= _dwell_s(light, values, policy):
        until = now.fromtimestamp(now.timestamp() + policy.settle_s, tz=now.tzinfo)
        light = replace(
            light, mode=detected, coming=None, coming_since=None, settling_until=until, changed_at=now, sudden=False
        )
    unlit = _is_unlit(light, values, light.mode)
    since = (light.unlit_since or now) if unlit else None
    return replace(light, unlit=unlit, unlit_since=since)
