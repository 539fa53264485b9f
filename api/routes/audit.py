"""The audit: who changed, acknowledged, exported and looked at what, and who signed in. It is only read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from api.audit_file import AuditFormat, line_of, write_incomplete, write_lines
from api.request_context import BackendDependency, IdentityDependency, audit_entry
from api.schemas.values import Time
from api.time_range import RequestTime
from domain.access import AuditFilter
from domain.errors import StoreUnavailable
from domain.text.names import MAX_NAME_LENGTH

_PAGE = 2000

router = APIRouter(prefix="/audit", tags=["access"])

_Text = Annotated[str | None, Query(max_length=MAX_NAME_LENGTH)]


class AuditLine(BaseModel):
    """One line. `via` says how it was known who asked; `client` is the address, "" on this machine's command line."""

    number: int
    """Counts up; the newest line has the highest."""
    at: Time
    by: str
    """A user, a key or a person by name."""
    via: str
    client: str
    action: str
    subject: str
    """What it was done to."""
    detail: str
    camera: str
    """The camera it was about, "" for none; `site` likewise."""
    site: str


def _line_filter(
    *,
    since: RequestTime | None = None,
    until: RequestTime | None = None,
    by: _Text = None,
    action: _Text = None,
    camera: _Text = None,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> AuditFilter:
    return AuditFilter(since, until, by, action, camera, before)


AskedDependency = Annotated[AuditFilter, Depends(_line_filter)]


@router.get("")
def audit(
    backend: BackendDependency, filters: AskedDependency, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[AuditLine]:
    """Return lines, the latest first; `before` is the number of the last line that was read."""
    return [AuditLine(**line_of(entry)) for entry in backend.audit.entries(filters, limit=limit)]


@router.get("/export", response_class=StreamingResponse)
def export(
    backend: BackendDependency, identity: IdentityDependency, filters: AskedDependency, format: AuditFormat
) -> StreamingResponse:
    """Return every line that is asked for as a file. Taking it away is a line itself."""
    backend.audit.record(audit_entry(identity, backend.clock.now(), "export audit", "audit", format.value))
    first = backend.audit.entries(filters, limit=_PAGE)  # a store that is unavailable is refused before the file begins

    def pages() -> Iterator[str]:
        entries, count = first, 0
        while entries:
            yield write_lines(entries, format, heading=count == 0)
            count += len(entries)
            try:
                entries = backend.audit.entries(replace(filters, before=entries[-1].number), limit=_PAGE)
            except StoreUnavailable:
                yield write_incomplete(format, count)
                raise  # the connection breaks off, so that no program takes the file for the whole
        if not count:
            yield write_lines((), format, heading=True)

    media = {"csv": "text/csv; charset=utf-8", "json": "application/x-ndjson"}[format]
    download = {"Content-Disposition": f'attachment; filename="sightline-audit.{format}"'}
    return StreamingResponse(pages(), media_type=media, headers=download)
