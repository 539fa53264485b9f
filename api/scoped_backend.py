"""What somebody sees who may not see every camera: the backend as if there were no other cameras.

A foreign camera is absent from every list and count, and answers as one that does not exist. Writing to one finds
nothing either. What a wrapper here does not offer cannot be used at all, so that nothing new leaks by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar, cast

from fastapi import HTTPException

from api.audit_trail import AuditTrail
from api.backend import Backend, OperatorServices, ProcessState, Shadow
from api.camera_cache import CameraCache, CameraListing
from api.error_responses import camera_not_found
from domain.access import EVERY_LINE, AccessScope, AuditFilter
from domain.alerts import Alert, AlertTransition, AnswerCount, Incident, IncidentFilter, IncidentLogEntry, IncidentState
from domain.baselines import CameraBaseline
from domain.camera_changes import CameraChange, CameraEdit
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.ports import AlertStore, MaintenancePlanner, ReportMaker, ShadowLog, StreamStore
from domain.quiet_times import MaintenanceSchedule, Snooze
from domain.records import AuditEntry, StreamSession
from domain.report_files import ReportFile, ReportFormat, ReportRequest
from domain.shadow import ShadowMessage, ShadowScope
from domain.verdict_time import MaintenanceWindow

_Item = TypeVar("_Item")

_OUT_OF_SCOPE = "site: your account may not add a camera to this site, or move one there; ask an administrator"


class _View:
    """Tells what may be seen: by the cameras that are watched now and, of retired ones, by what is kept of them."""

    def __init__(self, scope: AccessScope, cameras: Callable[[], CameraListing]) -> None:
        self.scope = scope
        self._cameras = cameras

    def sees_camera(self, name: str, site_then: str = "") -> bool:
        """Return whether a camera may be seen; `site_then` counts where it is watched no more."""
        known = self._cameras().cameras.get(name)
        return self.scope.sees(name, known.site if known is not None else site_then)

    def sees_incident(self, incident: Incident) -> bool:
        """An incident of several cameras names them all, so that all of them must be seen."""
        names = incident.members or ((incident.stream_id,) if incident.stream_id else ())
        # A group's own site is that of its first cameras; of one that is retired nothing else is known.
        site = incident.site if len(names) == 1 else ""
        return bool(names) and all(self.sees_camera(name, site) for name in names)


class ScopedCameras:
    """The camera cache with the cameras that may be seen."""

    def __init__(self, scope: AccessScope, cameras: CameraCache) -> None:
        self._scope = scope
        self._cameras = cameras

    def read(self) -> CameraListing:
        listing = self._cameras.read()
        visible = {name: camera for name, camera in listing.cameras.items() if self._scope.sees(name, camera.site)}
        return replace(listing, cameras=visible)


class ScopedAlerts:
    """The part of `AlertStore` that answers are made from."""

    def __init__(self, view: _View, store: AlertStore) -> None:
        self._view = view
        self._store = store

    def alerts(self, stream_id: str | None = None) -> Sequence[Alert]:
        found = self._store.alerts(stream_id, scope=self._view.scope)
        return [each for each in found if self._view.sees_camera(each.stream_id)]

    def baselines(self, stream_id: str) -> Sequence[CameraBaseline]:
        return self._store.baselines(stream_id) if self._view.sees_camera(stream_id) else ()

    def incident(self, incident_id: str) -> Incident | None:
        found = self._store.incident(incident_id)
        return found if found is not None and self._view.sees_incident(found) else None

    def incidents(
        self,
        *,
        state: IncidentState | None = None,
        limit: int = 100,
        before: datetime | None = None,
        filters: IncidentFilter | None = None,
    ) -> Sequence[Incident]:
        mine = replace(filters or IncidentFilter(), scope=self._view.scope)
        return _take_visible(
            lambda most: self._store.incidents(state=state, limit=most, before=before, filters=mine),
            self._view.sees_incident,
            limit,
        )

    def count_answers(self, filters: IncidentFilter) -> Sequence[AnswerCount]:
        return self._store.count_answers(replace(filters, scope=self._view.scope))

    def transitions(self, stream_id: str, *, limit: int = 100) -> Sequence[AlertTransition]:
        return self._store.transitions(stream_id, limit=limit) if self._view.sees_camera(stream_id) else ()

    def acknowledge(self, incident_id: str, *, by: str, reason: str, at: datetime) -> Incident | None:
        if self.incident(incident_id) is None:
            return None
        return self._store.acknowledge(incident_id, by=by, reason=reason, at=at)

    def record_work(self, entry: IncidentLogEntry) -> bool:
        return self.incident(entry.incident_id) is not None and self._store.record_work(entry)

    def incident_log(self, incident_id: str) -> Sequence[IncidentLogEntry]:
        return self._store.incident_log(incident_id) if self.incident(incident_id) is not None else ()


class ScopedStreams:
    """The part of `StreamStore` that answers are made from."""

    def __init__(self, view: _View, store: StreamStore) -> None:
        self._view = view
        self._store = store

    def add_camera(self, camera: Camera, *, by: str, at: datetime) -> bool:
        self._require_seen(camera)
        return self._store.add_camera(camera, by=by, at=at)

    def edit_camera(
        self, name: str, edit: CameraEdit, *, by: str, at: datetime, action: str = "", last_change: int | None = None
    ) -> Camera | None:
        # Before the store compares changes: its refusal would say that a foreign camera is there.
        if not self._view.sees_camera(name):
            return None

        def edit_visible(camera: Camera) -> Camera:
            # The store's own row: what was cached may have moved to another site meanwhile.
            if not self._view.scope.sees(camera.name, camera.site):
                raise camera_not_found(name)
            edited = edit(camera)
            self._require_seen(edited)
            return edited

        return self._store.edit_camera(name, edit_visible, by=by, at=at, action=action, last_change=last_change)

    def remove_camera(self, name: str, *, by: str, at: datetime) -> bool:
        return self._view.sees_camera(name) and self._store.remove_camera(name, by=by, at=at)

    def accept_view(self, name: str, *, by: str, at: datetime) -> bool:
        return self._view.sees_camera(name) and self._store.accept_view(name, by=by, at=at)

    def sessions(self, stream_id: str, *, limit: int = 100) -> Sequence[StreamSession]:
        return self._store.sessions(stream_id, limit=limit) if self._view.sees_camera(stream_id) else ()

    def camera_changes(self, name: str | None = None, *, limit: int = 100) -> Sequence[CameraChange]:
        scope = self._view.scope
        return _take_visible(
            lambda most: self._store.camera_changes(name, limit=most, scope=scope), self._sees_change, limit
        )

    def camera_change(self, change_id: int) -> CameraChange | None:
        change = self._store.camera_change(change_id)
        return change if change is not None and self._sees_change(change) else None

    def settings_digests(self) -> dict[str, str]:
        return {name: text for name, text in self._store.settings_digests().items() if self._view.sees_camera(name)}

    def _sees_change(self, change: CameraChange) -> bool:
        return self._view.sees_camera(change.camera, str((change.before or change.after or {}).get("site", "")))

    def _require_seen(self, camera: Camera) -> None:
        if not self._view.scope.sees(camera.name, camera.site):
            raise ConfigError(_OUT_OF_SCOPE)


NO_SUCH_PLACE = "no camera matches this; choose a camera, or a site that you may see"
"""The same for a place that is not there and for a foreign one."""


class ScopedQuietTimes:
    """The planner for the cameras that may be seen, and for the windows of a whole site of theirs."""

    def __init__(self, view: _View, alerts: ScopedAlerts, planner: MaintenancePlanner) -> None:
        self._view = view
        self._alerts = alerts
        self._planner = planner

    def start(self, camera: str, length: timedelta, *, reason: str, by: str) -> MaintenanceWindow:
        if not self._view.sees_camera(camera):
            raise camera_not_found(camera)
        return self._planner.start(camera, length, reason=reason, by=by)

    def end(self, window_id: str, *, by: str) -> bool:
        return any(each.window_id == window_id for each in self.windows()) and self._planner.end(window_id, by=by)

    def windows(self) -> Sequence[MaintenanceWindow]:
        return [each for each in self._planner.windows() if self._sees_window(each)]

    def repeat(self, schedule: MaintenanceSchedule) -> MaintenanceSchedule:
        if not self._sees_scope(schedule.camera, schedule.site):
            raise HTTPException(404, NO_SUCH_PLACE)
        return self._planner.repeat(schedule)

    def schedules(self) -> Sequence[MaintenanceSchedule]:
        return [each for each in self._planner.schedules() if self._sees_scope(each.camera, each.site)]

    def end_schedule(self, schedule_id: str, *, by: str) -> bool:
        mine = any(each.schedule_id == schedule_id for each in self.schedules())
        return mine and self._planner.end_schedule(schedule_id, by=by)

    def zone_of(self, site: str) -> str:
        return self._planner.zone_of(site)

    def snooze(
        self, length: timedelta, *, incident_id: str = "", camera: str = "", fault: str = "", reason: str, by: str
    ) -> Snooze:
        asked = Snooze("", datetime.max, incident_id, camera, fault)
        if not self._sees_snooze(asked):
            raise HTTPException(404, "there is nothing of this name to put off")
        return self._planner.snooze(length, incident_id=incident_id, camera=camera, fault=fault, reason=reason, by=by)

    def end_snooze(self, snooze_id: str, *, by: str) -> bool:
        mine = any(each.snooze_id == snooze_id for each in self.snoozes())
        return mine and self._planner.end_snooze(snooze_id, by=by)

    def snoozes(self) -> Sequence[Snooze]:
        return [each for each in self._planner.snoozes() if self._sees_snooze(each)]

    def _sees_window(self, window: MaintenanceWindow) -> bool:
        return self._sees_scope(window.camera, window.site)

    def _sees_scope(self, camera: str, site: str) -> bool:
        """Return whether maintenance of this camera, or of this whole site, is somebody's own."""
        if camera:
            return self._view.sees_camera(camera)
        return bool(site) and site in self._view.scope.sites

    def _sees_snooze(self, snooze: Snooze) -> bool:
        if snooze.incident_id:
            return self._alerts.incident(snooze.incident_id) is not None
        return bool(snooze.camera) and self._view.sees_camera(snooze.camera)


class ScopedReports:
    """Makes reports of one camera or one site that may be seen."""

    def __init__(self, view: _View, maker: ReportMaker) -> None:
        self._view = view
        self._maker = maker

    def make(self, request: ReportRequest, form: ReportFormat) -> ReportFile:
        if request.camera and not self._view.sees_camera(request.camera):
            raise camera_not_found(request.camera)
        if not request.camera and not request.site:
            raise ConfigError("site: name one of your sites, or a camera; your account does not see all of them")
        if not request.camera and request.site not in self._view.scope.sites:
            raise HTTPException(404, "there is no site of this name")
        return self._maker.make(request, form)


class ScopedShadowLog:
    """The messages about what may be seen."""

    def __init__(self, view: _View, log: ShadowLog) -> None:
        self._view = view
        self._log = log

    def messages(self, since: datetime, until: datetime, *, limit: int = 10_000) -> Sequence[ShadowMessage]:
        return _take_visible(
            lambda most: self._log.messages(since, until, limit=most, scope=self._view.scope),
            lambda each: self._view.sees_incident(each.incident),
            limit,
        )


class ScopedAudit:
    """The lines about cameras that may be seen and about whole sites of theirs; writing is as ever."""

    def __init__(self, view: _View, trail: AuditTrail) -> None:
        self._view = view
        self._trail = trail

    def record(self, entry: AuditEntry) -> None:
        self._trail.record(entry)

    def record_hourly(self, entry: AuditEntry) -> None:
        self._trail.record_hourly(entry)

    def entries(self, filters: AuditFilter = EVERY_LINE, *, limit: int = 100) -> Sequence[AuditEntry]:
        mine = replace(filters, scope=self._view.scope)
        return _take_visible(lambda most: self._trail.entries(mine, limit=most), self._sees, limit)

    def _sees(self, entry: AuditEntry) -> bool:
        if entry.camera:
            return self._view.sees_camera(entry.camera, entry.site)
        return bool(entry.site) and entry.site in self._view.scope.sites


def scope_backend(backend: Backend, scope: AccessScope) -> Backend:
    """Return the backend as somebody sees it; the same one for whoever may see everything."""
    if scope.is_unrestricted:
        return backend
    view = _View(scope, backend.camera_cache.read)
    alerts = ScopedAlerts(view, backend.alert_store)
    return replace(
        backend,
        camera_cache=cast(CameraCache, ScopedCameras(scope, backend.camera_cache)),
        alert_store=cast(AlertStore, alerts),
        stream_store=cast(StreamStore, ScopedStreams(view, backend.stream_store)),
        audit=cast(AuditTrail, ScopedAudit(view, backend.audit)),
        process=_scope_process(backend.process),
        services=_scope_services(backend.services, view, alerts),
    )


def _scope_process(process: ProcessState) -> ProcessState:
    """What the process counted, it counted for every camera; why a part is not well may name one."""
    return replace(
        process,
        metrics=dict,
        health=lambda: {part: reason and "not well" for part, reason in process.health().items()},
        warnings=lambda: {subject: "see the log" for subject in process.warnings()},
    )


def _scope_services(services: OperatorServices, view: _View, alerts: ScopedAlerts) -> OperatorServices:
    reports, quiet_times = services.reports, services.quiet_times
    return replace(
        services,
        reports=None if reports is None else ScopedReports(view, reports),
        quiet_times=None if quiet_times is None else ScopedQuietTimes(view, alerts, quiet_times),
        receivers=None,
        shadow=_scope_shadow(services.shadow, view),
    )


def _scope_shadow(shadow: Shadow, view: _View) -> Shadow:
    log = None if shadow.log is None else cast(ShadowLog, ScopedShadowLog(view, shadow.log))
    return Shadow(ShadowScope(shadow.scope.everywhere, shadow.scope.sites & view.scope.sites), log)


def _take_visible(
    read: Callable[[int], Sequence[_Item]], is_visible: Callable[[_Item], bool], limit: int
) -> Sequence[_Item]:
    """Return the first `limit` items that may be seen; `read` returns so many at most, in their order.

    The store leaves out foreign rows already. What is looked at here once more is what moved to another site between
    two readings, and what a store would let through by mistake.
    """
    most = limit
    while True:
        items = read(most)
        visible = [item for item in items if is_visible(item)]
        if len(visible) >= limit or len(items) < most:
            return visible[:limit]
        most *= 4
