"""The picture of now: encoded on request from the frame in memory, never written anywhere."""

from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from api.jpeg import MAX_WIDTH, encode_jpeg
from api.request_context import BackendDependency, IdentityDependency, audit_entry
from api.routes.cameras import find_camera
from domain.errors import StoreUnavailable

_RETRY_HEADERS = {"Retry-After": "5"}

router = APIRouter(prefix="/cameras/{name}", tags=["cameras"])


@router.get("/picture", response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
def picture(
    name: str,
    backend: BackendDependency,
    identity: IdentityDependency,
    width: Annotated[int, Query(ge=16, le=MAX_WIDTH)] = 1280,
) -> Response:
    """Return the newest picture as JPEG; `X-Received-At` says when it came. 404 with the reason where there is none."""
    site = find_camera(backend, name).site
    if not backend.pictures:
        raise HTTPException(404, "pictures are switched off (pictures: never)")
    try:
        backend.live.want_picture(name)
        frame = backend.live.picture(name)
    except StoreUnavailable as error:
        raise HTTPException(503, f"live state unavailable, and with it pictures: {error}", _RETRY_HEADERS) from error
    if frame is None:
        raise HTTPException(404, "there is no picture of now yet; it comes with the next frame of this camera")
    # The first of each hour: a wall of pictures asks for each every few seconds.
    entry = audit_entry(identity, backend.clock.now(), "view picture", name, camera=name, site=site)
    backend.audit.record_hourly(entry)
    received_at = frame.ref.received_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    headers = {"Cache-Control": "no-store", "X-Received-At": received_at}
    return Response(encode_jpeg(frame, width), media_type="image/jpeg", headers=headers)
