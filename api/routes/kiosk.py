"""The kiosk: a wall to hang up, opened with a link that only reads and expires."""

import logging
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from api.request_context import BackendDependency, IdentityDependency
from api.schemas.values import Time
from api.security.kiosk import KIOSK_PATH, MAX_KIOSK_LIFE, KioskLink, make_kiosk_key
from api.security.strict_json import StrictRoute
from domain.text.names import MAX_NAME_LENGTH

LOG = logging.getLogger(__name__)

router = APIRouter(tags=["live"], route_class=StrictRoute)


class KioskWish(BaseModel):
    """How long the link works, and which site it shows; every site where `site` is null."""

    model_config = ConfigDict(extra="forbid")

    hours: Annotated[int, Field(ge=1, le=int(MAX_KIOSK_LIFE.total_seconds()) // 3600)] = 24 * 7
    site: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] | None = None


class KioskAnswer(BaseModel):
    """The link's path on this server. Whoever has it sees the wall until `expires_at`; a new token ends it at once."""

    path: str
    site: str | None
    expires_at: Time


@router.post("/kiosk-links")
def make_kiosk_link(
    wish: KioskWish, request: Request, backend: BackendDependency, identity: IdentityDependency
) -> KioskAnswer:
    """Return a link to the wall that only reads and expires. Nothing of it is stored."""
    token: str | None = request.app.state.access.token
    if not token:
        why = "links are signed with it" if identity.name else "whoever reaches this page sees the wall without a link"
        raise HTTPException(409, f"no token is set: {why}")
    known = {camera.site for camera in backend.camera_cache.read().cameras.values()}
    if not identity.scope.everything:
        if wish.site is None:
            raise HTTPException(403, "name one of your sites; your account does not see all of them")
        known &= identity.scope.sites  # a link shows the whole site
    if wish.site is not None and wish.site not in known:
        raise HTTPException(404, "there is no site of this name")
    until = _whole_seconds(backend.clock.now() + timedelta(hours=wish.hours))
    LOG.info("a kiosk link was made for %s, good until %s", wish.site or "every site", until.isoformat())
    key = make_kiosk_key(token, KioskLink(until, wish.site))
    return KioskAnswer(path=f"{KIOSK_PATH}?key={key}", site=wish.site, expires_at=until)


def _whole_seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)
