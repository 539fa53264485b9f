"""Maintenance from a camera, recurring maintenance, and messages put off: judging goes on, nobody is notified."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import AfterValidator, BaseModel, Field, NaiveDatetime, StringConstraints

from api.backend import Backend
from api.error_responses import MAX_SHOWN_NAME
from api.request_context import BackendDependency
from api.routes.cameras import find_camera
from api.routes.incidents import find_incident
from api.schemas.inputs import ByPerson, ReasonText
from api.scoped_backend import NO_SUCH_PLACE
from api.security.request_limits import one_line
from api.security.strict_json import StrictRoute
from domain.errors import ConfigError
from domain.ports import MaintenancePlanner
from domain.quiet_times import MaintenanceSchedule, Snooze
from domain.text.names import MAX_NAME_LENGTH
from domain.text.plain_text import holds_invisible
from domain.verdict_time import MaintenanceWindow

router = APIRouter(tags=["alerts"], route_class=StrictRoute)

Hours = Annotated[float, Field(ge=1 / 60, le=31 * 24, allow_inf_nan=False)]


class QuietRequest(ByPerson):
    """For how many hours, and why."""

    hours: Hours
    reason: ReasonText = ""


class WindowAnswer(BaseModel):
    """Announced maintenance; it holds for the cameras that match every scope given."""

    id: str
    since: datetime
    until: datetime
    """Not included."""
    camera: str
    """"" for every camera; `site` and `group` likewise."""
    site: str
    group: str
    reason: str
    by: str
    """Who announced it."""


def _refuse_invisible(text: str) -> str:
    if holds_invisible(text):
        raise ValueError("holds a character that cannot be seen")
    return text


Place = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME_LENGTH), AfterValidator(_refuse_invisible)
]
Rule = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9=;,+-]{1,300}$")]


class ScheduleRequest(ByPerson):
    """Recurring maintenance for the cameras that match every place given; all of them where none is."""

    first: NaiveDatetime
    """When the first window begins, by the clock of the site, such as `2026-12-07T22:00`; without a zone."""
    minutes: Annotated[int, Field(ge=1, le=31 * 1440)]
    """How long each window lasts."""
    rule: Rule
    """When it recurs (RFC 5545), such as `FREQ=WEEKLY;BYDAY=MO,TH`."""
    camera: Place = ""
    site: Place = ""
    group: Place = ""
    reason: ReasonText = ""


class ScheduleAnswer(BaseModel):
    """Recurring maintenance. `first` is a local time of `zone`, so a window keeps its hour in summer and winter."""

    id: str
    first: NaiveDatetime
    minutes: int
    rule: str
    zone: str
    camera: str
    site: str
    group: str
    reason: str
    by: str
    """Who announced it."""


class SnoozeAnswer(BaseModel):
    """Messages about one incident, or one fault of a camera, that wait."""

    id: str
    until: datetime
    """When the messages are sent, if the fault is still there."""
    incident_id: str
    """"" for a snooze of one fault of a camera."""
    camera: str
    fault: str
    reason: str
    by: str
    """Who chose it."""


@router.get("/maintenance")
def maintenance(backend: BackendDependency) -> list[WindowAnswer]:
    """Return the windows of now and of the next weeks, oldest first."""
    return [_window_answer(window) for window in _planner(backend).windows()]


@router.post("/cameras/{name}/maintenance")
def start_maintenance(name: str, request: QuietRequest, backend: BackendDependency) -> WindowAnswer:
    """Announce work on a camera from now on; audited."""
    find_camera(backend, name)
    window = _planner(backend).start(name, timedelta(hours=request.hours), reason=request.reason, by=request.by)
    return _window_answer(window)


@router.post("/maintenance/{window_id}/end", status_code=204)
def end_maintenance(window_id: str, request: ByPerson, backend: BackendDependency) -> None:
    """End a window now, or take back one that has not begun; audited."""
    if not _planner(backend).end(window_id, by=request.by):
        raise HTTPException(404, f"no maintenance '{one_line(window_id, MAX_SHOWN_NAME)}' is running or announced")


@router.get("/maintenance/schedules")
def schedules(backend: BackendDependency) -> list[ScheduleAnswer]:
    """Return what recurs; its windows of the next weeks are in the list of maintenance."""
    return [_schedule_answer(each) for each in _planner(backend).schedules()]


@router.post("/maintenance/schedules")
def repeat_maintenance(request: ScheduleRequest, backend: BackendDependency) -> ScheduleAnswer:
    """Announce maintenance that recurs by the clock of the site, or of the camera's site; audited."""
    planner, cameras = _planner(backend), backend.camera_cache.read().cameras
    matching = [
        each
        for each in cameras.values()
        if request.camera in ("", each.name) and request.site in ("", each.site) and request.group in ("", each.group)
    ]
    if not matching:
        raise HTTPException(404, NO_SUCH_PLACE)
    site = matching[0].site if request.camera else request.site
    schedule = MaintenanceSchedule(
        schedule_id=secrets.token_hex(4),
        first=request.first,
        minutes=request.minutes,
        rule=request.rule,
        zone=planner.zone_of(site),
        camera=request.camera,
        site=request.site,
        group=request.group,
        reason=request.reason,
        by=request.by,
    )
    try:
        return _schedule_answer(planner.repeat(schedule))
    except ConfigError as error:
        raise HTTPException(422, str(error)) from error


@router.post("/maintenance/schedules/{schedule_id}/end", status_code=204)
def end_schedule(schedule_id: str, request: ByPerson, backend: BackendDependency) -> None:
    """Announce no more windows of it; one that has begun goes on to its end; audited."""
    if not _planner(backend).end_schedule(schedule_id, by=request.by):
        raise HTTPException(404, f"no maintenance '{one_line(schedule_id, MAX_SHOWN_NAME)}' recurs")


@router.get("/snoozes")
def snoozes(backend: BackendDependency) -> list[SnoozeAnswer]:
    """Return what is put off now."""
    return [_snooze_answer(snooze) for snooze in _planner(backend).snoozes()]


@router.post("/incidents/{incident_id:path}/snooze")
def snooze_incident(incident_id: str, request: QuietRequest, backend: BackendDependency) -> SnoozeAnswer:
    """Put off messages about an incident; audited."""
    incident = find_incident(backend, incident_id)
    length = timedelta(hours=request.hours)
    snooze = _planner(backend).snooze(length, incident_id=incident.incident_id, reason=request.reason, by=request.by)
    return _snooze_answer(snooze)


@router.post("/snoozes/{snooze_id}/end", status_code=204)
def end_snooze(snooze_id: str, request: ByPerson, backend: BackendDependency) -> None:
    """Tell again from now on; audited."""
    if not _planner(backend).end_snooze(snooze_id, by=request.by):
        raise HTTPException(404, f"nothing is put off by '{one_line(snooze_id, MAX_SHOWN_NAME)}'")


def _planner(backend: Backend) -> MaintenancePlanner:
    if backend.services.quiet_times is None:
        raise HTTPException(404, "this process announces no maintenance")
    return backend.services.quiet_times


def _window_answer(window: MaintenanceWindow) -> WindowAnswer:
    return WindowAnswer(
        id=window.window_id,
        since=window.since,
        until=window.until,
        camera=window.camera,
        site=window.site,
        group=window.group,
        reason=window.reason,
        by=window.by,
    )


def _schedule_answer(schedule: MaintenanceSchedule) -> ScheduleAnswer:
    return ScheduleAnswer(
        id=schedule.schedule_id,
        first=schedule.first,
        minutes=schedule.minutes,
        rule=schedule.rule,
        zone=schedule.zone,
        camera=schedule.camera,
        site=schedule.site,
        group=schedule.group,
        reason=schedule.reason,
        by=schedule.by,
    )


def _snooze_answer(snooze: Snooze) -> SnoozeAnswer:
    return SnoozeAnswer(
        id=snooze.snooze_id,
        until=snooze.until,
        incident_id=snooze.incident_id,
        camera=snooze.camera,
        fault=snooze.fault,
        reason=snooze.reason,
        by=snooze.by,
    )
