"""Who gets a message: by site, group, tag, camera, severity, fault and the hours of the site. Pure; delivery and
`sightline routes explain` ask the same function.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, tzinfo

from domain.alerts import Incident, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.faults import Fault

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d{2}):(\d{2})-(\d{2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of some days of the week by the local clock; past midnight they belong to the day on which they begin.

    `days` counts from Monday, 0. `begin` equal to `end` is the whole day.
    """

    days: frozenset[int]
    begin: time
    end: time

    def include(self, local: datetime) -> bool:
        """Return whether a local time is within these hours."""
        today, yesterday = local.weekday() in self.days, (local.weekday() - 1) % 7 in self.days
        clock = local.time()
        if self.begin < self.end:
            return today and self.begin <= clock < self.end
        return (today and clock >= self.begin) or (yesterday and clock < self.end)


def parse_hours(text: str) -> Hours:
    """Read `mon-fri 07:00-19:00`, `sat 00:00-24:00` or `22:00-06:00` (every day). Raises `ConfigError`."""
    match = _HOURS.fullmatch(text.strip().lower())
    if match is None:
        raise ConfigError("hours: write days and times, such as 'mon-fri 07:00-19:00'")
    first, last = match[1], match[2] or match[1]
    if not {first, last} <= {None, *DAYS}:
        raise ConfigError(f"hours: days are {', '.join(DAYS)}")
    days = set(range(7))
    if first:
        begin, end = DAYS.index(first), DAYS.index(last)
        days = {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return Hours(frozenset(days), _clock_time(match[3], match[4]), _clock_time(match[5], match[6]))


def _clock_time(hour: str, minute: str) -> time:
    if (hour, minute) == ("24", "00"):
        return time(0, 0)
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise ConfigError("hours: times are 00:00 to 24:00") from None


@dataclass(frozen=True, slots=True)
class Route:
    """Messages that match every condition given go to `receivers`; an empty condition matches all."""

    name: str
    receivers: tuple[str, ...]
    """Their names."""
    sites: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    """Any of these on the camera matches."""
    cameras: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    """`critical`, `warning`, `info`."""
    faults: frozenset[Fault] = frozenset()
    hours: tuple[Hours, ...] = ()
    """When it holds, by the clock of the site."""
    escalate_after_s: float | None = None
    """Without an acknowledgement for this long, `escalate_to` gets the message as well; None never."""
    escalate_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What routes look at: one camera, or all members of a group."""

    cameras: tuple[Camera, ...]
    fault: Fault
    severity: str
    site: str = ""


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """One route, and the first condition that does not hold, in words; "" where the route matches."""

    route: Route
    mismatch_reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Who gets a message at a time, and how each route was decided."""

    receivers: tuple[str, ...]
    matches: tuple[RouteMatch, ...]
    by_default: bool


def _utc(site: str) -> tzinfo:
    return UTC


@dataclass(frozen=True, slots=True)
class Routing:
    """`everyone` gets what comes where there are no routes; `default` gets what no route matches; `always` gets all."""

    everyone: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    default: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    zone_of: Callable[[str], tzinfo] = field(default=_utc, compare=False)

    def explain(self, facts: MessageFacts, at: datetime) -> Explanation:
        """Return who gets a first message at `at`, and why."""
        if not self.routes:
            return Explanation(_unique(self.always, self.everyone), (), by_default=False)
        matches = tuple(RouteMatch(route, self._mismatch_reason(route, facts, at)) for route in self.routes)
        chosen = [match.route.receivers for match in matches if not match.mismatch_reason]
        if not chosen:
            return Explanation(_unique(self.always, self.default), matches, by_default=True)
        return Explanation(_unique(self.always, *chosen), matches, by_default=False)

    def choose_receivers(
        self, entry: OutboxEntry, cameras: Collection[Camera], at: datetime, notified: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Return who gets a message at `at`. `notified` had one about the same incident: they also hear its end."""
        kind, facts = entry.kind, facts_of(entry.incident, cameras)
        if kind is NotificationKind.ESCALATION:
            chosen = [route.escalate_to for route in self.routes if entry.key.endswith(f":{kind}:{route.name}")]
            return _unique(self.always, *chosen)
        if kind is NotificationKind.RESOLVED and notified:
            return _unique(self.always, tuple(sorted(notified)))
        receivers = self.explain(facts, at).receivers
        return receivers if kind is NotificationKind.FIRING else _unique(receivers, tuple(sorted(notified)))

    def escalating_routes(self, facts: MessageFacts, at: datetime) -> Sequence[Route]:
        """Return the matching routes that escalate."""
        routes = [route for route in self.routes if route.escalate_after_s is not None]
        return [route for route in routes if not self._mismatch_reason(route, facts, at)]

    def receivers(self) -> frozenset[str]:
        """Return every name that routes use."""
        named = [name for route in self.routes for name in (*route.receivers, *route.escalate_to)]
        return frozenset((*self.default, *named))

    def _mismatch_reason(self, route: Route, facts: MessageFacts, at: datetime) -> str:
        if route.severities and facts.severity not in route.severities:
            return f"the severity is {facts.severity}"
        if route.faults and facts.fault not in route.faults:
            return f"the fault is {facts.fault}"
        reasons = [self._camera_mismatch_reason(route, camera, at) for camera in facts.cameras]
        return min(reasons, key=len) if reasons and all(reasons) else ""

    def _camera_mismatch_reason(self, route: Route, camera: Camera, at: datetime) -> str:
        if route.cameras and camera.name not in route.cameras:
            return f"the camera is {camera.name}"
        if route.sites and camera.site not in route.sites:
            return f"the site is {camera.site or 'none'}"
        if route.groups and camera.group not in route.groups:
            return f"the group is {camera.group or 'none'}"
        if route.tags.isdisjoint(camera.tags) and route.tags:
            return f"its tags are {', '.join(camera.tags) or 'none'}"
        local = at.astimezone(self.zone_of(camera.site))
        if route.hours and not any(hours.include(local) for hours in route.hours):
            return f"it is {DAYS[local.weekday()]} {local:%H:%M} there"
        return ""


def facts_of(incident: Incident, cameras: Collection[Camera]) -> MessageFacts:
    """Return what routes look at in an incident; of a camera that is no longer there its site and group are known."""
    names = incident.members or (incident.stream_id,)
    by_name = {camera.name: camera for camera in cameras}
    matching = tuple(
        by_name.get(name) or Camera(name, "", site=incident.site, group=incident.group, enabled=False) for name in names
    )
    return MessageFacts(matching, incident.headline, incident.severity, incident.site)


def _unique(*names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in names for name in part))
