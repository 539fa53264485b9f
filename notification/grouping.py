"""Groups the alerts of many cameras with one cause into one message. Pure; the dispatcher acts on the plan.

A group incident's `summary` is the text of its last message, its `updated_at` when its membership last changed: both
are stored, so that a restart neither forgets a message nor sends it twice.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from domain.alerts import Incident, IncidentState, NotificationKind, OutboxEntry
from domain.cameras import Camera
from domain.clocks import has_passed
from domain.faults import FAULT_LABELS, Fault
from evaluation.alerting.incidents import make_outbox_entry, stable_id
from evaluation.alerting.root_cause import rank

Cause: TypeAlias = str
Scope: TypeAlias = tuple[str, str]

ALL_SITES: Scope = ("", "")
SEVERITIES = ("info", "warning", "critical")
_CAUSES: Mapping[Fault, Cause] = {
    Fault.SIGNAL_LOSS: "outage",
    Fault.NO_FRAMES: "outage",
    Fault.LOW_FPS: "network",
    Fault.BITRATE_STARVED: "network",
    Fault.DECODE_ERRORS: "network",
}
NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class GroupingPolicy:
    """Cameras form a group when `least` of them, or `share` of a site or switch and at least two, fail in `window_s`.

    A first message waits `wait_s` for others that may belong to it. An update waits until nothing changed for
    `quiet_s`, so that cameras that come back one by one make one message.
    """

    window_s: float = 60.0
    wait_s: float = 60.0
    quiet_s: float = 60.0
    least: int = 3
    share: float = 0.3

    @classmethod
    def short(cls, raise_s: float) -> "GroupingPolicy":
        """For the demo, beside `Policy.short`."""
        return cls(window_s=2 * raise_s, wait_s=raise_s, quiet_s=4 * raise_s)


@dataclass(frozen=True, slots=True)
class GroupUpdate:
    """One transaction of the store: the group as it is now, what to say of it, which messages it makes superfluous."""

    incident: Incident
    entries: tuple[OutboxEntry, ...] = ()
    absorbed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotificationPlan:
    """What to store of groups, and which messages to send as they are; the others wait for company."""

    groups: tuple[GroupUpdate, ...] = ()
    send: tuple[OutboxEntry, ...] = ()


def cause_of(fault: Fault) -> Cause:
    """Return what makes alerts of several cameras one event: the same fault, or the same failing network."""
    return _CAUSES.get(fault, fault.value)


def plan_notifications(
    due: Sequence[OutboxEntry],
    open_groups: Sequence[Incident],
    cameras: Sequence[Camera],
    now: datetime,
    grouping: GroupingPolicy,
    *,
    begun: Collection[str] = (),
) -> NotificationPlan:
    """Return what to do about the messages that are due. The same input plans the same.

    `begun` are the keys of messages already on their way: too late for a group, as are those tried before.
    """
    present = {camera.name: camera for camera in cameras if camera.enabled}
    send = [m for m in due if m.incident.members or m.attempts > 0 or m.key in begun]
    apart = {message.key for message in send}
    rest = [message for message in due if message.key not in apart]
    steps = []
    for group in open_groups:
        step, rest = _continue_group(group, rest, present, now, grouping)
        if step is not None:
            steps.append(step)
    firing = [
        message for message in rest if message.kind is NotificationKind.FIRING and message.incident.stream_id in present
    ]
    chosen = {message.key for message in firing}
    send += [message for message in rest if message.key not in chosen]
    for cluster in _clusters(firing, grouping):
        formed, waiting = _form_groups(cluster, present, now, grouping)
        steps += formed
        send += [message for message in cluster if message.key not in waiting and not _is_absorbed(message, formed)]
    return NotificationPlan(tuple(steps), _order_for_sending(send, due))


def _order_for_sending(send: Sequence[OutboxEntry], due: Sequence[OutboxEntry]) -> tuple[OutboxEntry, ...]:
    """Return what may go now, oldest first: nothing of an incident whose first message still waits for company."""
    going = {message.key for message in send}
    held = {
        message.incident.incident_id
        for message in due
        if message.kind is NotificationKind.FIRING and message.key not in going
    }
    free = [message for message in send if message.incident.incident_id not in held]
    return tuple(sorted(free, key=lambda message: (message.created_at, message.key)))


def _is_absorbed(message: OutboxEntry, steps: Iterable[GroupUpdate]) -> bool:
    return any(message.key in step.absorbed for step in steps)


def _clusters(firing: Sequence[OutboxEntry], grouping: GroupingPolicy) -> list[list[OutboxEntry]]:
    """Return the messages of one cause that began within one window of each other's first."""
    clusters: list[list[OutboxEntry]] = []
    for message in sorted(firing, key=lambda m: (cause_of(m.incident.headline), m.incident.opened_at, m.key)):
        first = clusters[-1][0] if clusters else None
        if (
            first is not None
            and cause_of(first.incident.headline) == cause_of(message.incident.headline)
            and (message.incident.opened_at - first.incident.opened_at).total_seconds() <= grouping.window_s
        ):
            clusters[-1].append(message)
        else:
            clusters.append([message])
    return clusters


def _form_groups(
    cluster: Sequence[OutboxEntry], present: Mapping[str, Camera], now: datetime, grouping: GroupingPolicy
) -> tuple[list[GroupUpdate], set[str]]:
    """Return the groups a cluster makes and the keys of messages that still wait for company."""
    began = min(max(message.created_at, message.incident.opened_at) for message in cluster)
    if not has_passed(grouping.wait_s, began, now):
        alone = {message.key for message in cluster if not _may_join_others(message, present)}
        return [], {message.key for message in cluster} - alone
    steps = []
    for scope, members in _scopes(cluster, present, grouping).items():
        steps.append(_new_group(scope, members, present, now))
    return steps, set()


def _may_join_others(message: OutboxEntry, present: Mapping[str, Camera]) -> bool:
    own = present[message.incident.stream_id]
    return sum(camera.site == own.site for camera in present.values()) > 1


def _scopes(
    cluster: Sequence[OutboxEntry], present: Mapping[str, Camera], grouping: GroupingPolicy
) -> dict[Scope, list[OutboxEntry]]:
    """Return what failed together: everything, else one switch of a site, else the site."""
    if len(cluster) == len(present) >= grouping.least:
        return {ALL_SITES: list(cluster)}
    scopes: dict[Scope, list[OutboxEntry]] = {}
    for site in dict.fromkeys(present[message.incident.stream_id].site for message in cluster):
        here = [message for message in cluster if present[message.incident.stream_id].site == site]
        switches: dict[Scope, list[OutboxEntry]] = {}
        for message in here:
            group = present[message.incident.stream_id].group
            if group:
                switches.setdefault((site, group), []).append(message)
        enough = {scope: got for scope, got in switches.items() if _is_group(scope, len(got), present, grouping)}
        if len(enough) == 1:
            scopes.update(enough)
        elif _is_group((site, ""), len(here), present, grouping):
            scopes[site, ""] = here
    return scopes


def _is_group(scope: Scope, failed: int, present: Mapping[str, Camera], grouping: GroupingPolicy) -> bool:
    size = sum(_is_inside(camera, scope) for camera in present.values())
    return failed >= grouping.least or (failed >= 2 and failed >= grouping.share * size)


def _is_inside(camera: Camera, scope: Scope) -> bool:
    return camera.site == scope[0] and (not scope[1] or camera.group == scope[1])


def _new_group(
    scope: Scope, messages: Sequence[OutboxEntry], present: Mapping[str, Camera], now: datetime
) -> GroupUpdate:
    first = min(messages, key=lambda message: (message.incident.opened_at, message.key)).incident
    faults = [message.incident.headline for message in messages]
    group = Incident(
        incident_id=stable_id("group", *scope, cause_of(first.headline), first.incident_id),
        stream_id="",
        headline=max(sorted(set(faults), key=rank), key=faults.count),
        state=IncidentState.OPEN,
        opened_at=first.opened_at,
        updated_at=now,
        site=scope[0],
        group=scope[1],
        severity=max((message.incident.severity for message in messages), key=SEVERITIES.index),
        members=tuple(sorted(message.incident.stream_id for message in messages)),
    )
    group = replace(group, summary=_group_summary(group, len(present)))
    keys = tuple(message.key for message in messages)
    return GroupUpdate(group, (make_outbox_entry(group, NotificationKind.FIRING, now),), keys)


def _continue_group(
    group: Incident, due: list[OutboxEntry], present: Mapping[str, Camera], now: datetime, grouping: GroupingPolicy
) -> tuple[GroupUpdate | None, list[OutboxEntry]]:
    """Return what becomes of an open group, and the messages that are none of its business."""
    members, recovered = set(group.members), set(group.recovered)
    absorbed, rest = [], []
    for message in due:
        name = message.incident.stream_id
        if message.kind is NotificationKind.FIRING and _joins(message, group, present):
            members.add(name)
            recovered.discard(name)
        elif name in members and message.kind is not NotificationKind.FIRING:
            if message.kind is NotificationKind.RESOLVED:
                recovered.add(name)
        else:
            rest.append(message)
            continue
        absorbed.append(message.key)
    recovered |= members - present.keys()
    after = replace(group, members=tuple(sorted(members)), recovered=tuple(sorted(recovered)))
    if members == recovered:
        return _end_group(after, now, absorbed), rest
    if after != group or absorbed:
        return GroupUpdate(replace(after, updated_at=now), (), tuple(absorbed)), rest
    if has_passed(grouping.quiet_s, group.updated_at, now) and group.summary != _group_summary(group, len(present)):
        return _update_group(group, len(present), now), rest
    return None, rest


def _joins(message: OutboxEntry, group: Incident, present: Mapping[str, Camera]) -> bool:
    """Return whether a camera fails of the same cause in the same place while the group is open."""
    camera = present.get(message.incident.stream_id)
    if camera is None or cause_of(message.incident.headline) != cause_of(group.headline):
        return False
    everywhere = not group.site and not group.group
    return everywhere or _is_inside(camera, (group.site, group.group))


def _update_group(group: Incident, cameras: int, now: datetime) -> GroupUpdate:
    updated = replace(group, summary=_group_summary(group, cameras), updated_at=now)
    named = stable_id(*group.members, "/", *group.recovered)
    return GroupUpdate(updated, (make_outbox_entry(updated, NotificationKind.UPDATE, now, detail=named),))


def _end_group(group: Incident, now: datetime, absorbed: Sequence[str]) -> GroupUpdate:
    summary = f"{_place_name(group)}: all {len(group.members)} cameras are back"
    ended = replace(group, state=IncidentState.RESOLVED, updated_at=now, resolved_at=now, summary=summary)
    return GroupUpdate(ended, (make_outbox_entry(ended, NotificationKind.RESOLVED, now),), tuple(absorbed))


def unrecovered_members(group: Incident) -> tuple[str, ...]:
    """Return the members that have not recovered."""
    return tuple(name for name in group.members if name not in group.recovered)


def _group_summary(group: Incident, cameras: int) -> str:
    """Return what there is to say about an open group now."""
    out, total = unrecovered_members(group), len(group.members)
    if group.recovered:
        return f"{_place_name(group)}: {total - len(out)} of {total} cameras are back, still out: {_list_names(out)}"
    if total == cameras:
        return f"All {total} cameras at once: {FAULT_LABELS[group.headline]}. Suspect our own network first"
    return f"{_place_name(group)}: {total} cameras at once, {FAULT_LABELS[group.headline]}: {_list_names(out)}"


def _place_name(group: Incident) -> str:
    return ", ".join(part for part in (group.site, group.group) if part) or "All sites"


def _list_names(names: Collection[str]) -> str:
    listed = ", ".join(sorted(names)[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{listed} and {more} more" if more > 0 else listed
