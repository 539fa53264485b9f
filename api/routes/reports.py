"""Reports over any period, made when they are asked for and downloaded as a file."""

import threading
from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from api.backend import Backend
from api.request_context import BackendDependency, IdentityDependency, audit_entry
from api.security.accounts import Identity
from api.security.request_limits import one_line
from domain.errors import ConfigError
from domain.report_files import MEDIA_TYPES, PeriodName, ReportFile, ReportFormat, ReportRequest
from domain.text.names import MAX_NAME_LENGTH

router = APIRouter(prefix="/reports", tags=["reports"])

_BUSY = threading.Lock()
"""A long report takes a core for seconds: one is made at a time."""
_WAIT_S = 20.0

_Name = Annotated[str, Query(max_length=MAX_NAME_LENGTH)]
_Day = Annotated[date | None, Query(description="A day of each site's own time zone, such as 2026-11-30.")]


@router.get("", response_class=Response, responses={200: {"content": {each: {} for each in MEDIA_TYPES.values()}}})
def report(
    backend: BackendDependency,
    identity: IdentityDependency,
    *,
    period: PeriodName = PeriodName.LAST_WEEK,
    since: _Day = None,
    until: _Day = None,
    site: _Name = "",
    group: _Name = "",
    camera: _Name = "",
    format: ReportFormat = ReportFormat.JSON,
) -> Response:
    """Return the report of a period by name, or of the days `since` to `until`, both included."""
    if backend.services.reports is None:
        raise HTTPException(404, "reports are not made by this process")
    request = ReportRequest(period, since, until, site, group, camera)
    if not _BUSY.acquire(timeout=_WAIT_S):
        raise HTTPException(503, "another report is being made; try again in a minute", {"Retry-After": "60"})
    try:
        file = backend.services.reports.make(request, format)
    except ConfigError as error:
        raise HTTPException(422, one_line(str(error), 300)) from None
    finally:
        _BUSY.release()
    _note_export(backend, identity, request, file)
    download = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=MEDIA_TYPES[file.format], headers=download)


def _note_export(backend: Backend, identity: Identity, request: ReportRequest, file: ReportFile) -> None:
    camera = backend.camera_cache.read().cameras.get(request.camera)
    site = request.site or (camera.site if camera is not None else "")
    subject = request.camera or (f"site {site}" if site else "every site")
    entry = audit_entry(
        identity, backend.clock.now(), "export report", subject, file.name, camera=request.camera, site=site
    )
    backend.audit.record(entry)
