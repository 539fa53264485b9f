"""The kiosk: a wall to hang up, opened with a link that only reads and expires."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from api.backend import Backend
from api.request_context import BackendDependency, IdentityDependency
from api.schemas.values import Time
from api.security.accounts import Accounts, Identity
from api.security.kiosk import KIOSK_PATH, MAX_KIOSK_LIFE, KioskLink, kiosk_link_id, make_kiosk_key
from api.security.strict_json import StrictRoute
from domain.access import KioskRecord
from domain.ports import AccessStore
from domain.text.names import MAX_NAME_LENGTH

_log = logging.getLogger(__name__)

router = APIRouter(tags=["live"], route_class=StrictRoute)


class KioskWish(BaseModel):
    """How long the link works, and which site it shows; every site where `site` is null."""

    model_config = ConfigDict(extra="forbid")

    hours: Annotated[int, Field(ge=1, le=int(MAX_KIOSK_LIFE.total_seconds()) // 3600)] = 24 * 7
    site: Annotated[str, Field(max_length=MAX_NAME_LENGTH)] | None = None


class KioskAnswer(BaseModel):
    """The link's path on this server. Whoever has it sees the wall until `expires_at`; a new token ends it at once."""

    path: str
    id: str
    site: str | None
    expires_at: Time


class KioskRecordAnswer(BaseModel):
    """A link that works still; its key is nowhere kept."""

    id: str
    site: str | None
    by: str
    made_at: Time
    expires_at: Time


@router.post("/kiosk-links")
def make_kiosk_link(
    wish: KioskWish, request: Request, backend: BackendDependency, identity: IdentityDependency
) -> KioskAnswer:
    """Return a link to the wall that only reads and expires. Its key is shown this once."""
    accounts: Accounts = request.app.state.accounts
    secret = accounts.link_secret(request.app.state.access)
    if not secret:
        raise HTTPException(409, "no token is set: whoever reaches this page sees the wall without a link")
    sites = {camera.site for camera in backend.camera_cache.read().cameras.values()}
    if not identity.scope.is_unrestricted:
        if wish.site is None:
            raise HTTPException(403, "name one of your sites; your account does not see all of them")
        sites &= identity.scope.sites  # a link shows the whole site
    if wish.site is not None and wish.site not in sites:
        raise HTTPException(404, "there is no site of this name")
    now = backend.clock.now()
    until = _truncate_to_seconds(now + timedelta(hours=wish.hours))
    _log.info("a kiosk link was made for %s, good until %s", wish.site or "every site", until.isoformat())
    key = make_kiosk_key(secret, KioskLink(until, wish.site))
    link_id = kiosk_link_id(key)
    if accounts.store is not None:
        accounts.store.add_kiosk_link(KioskRecord(link_id, wish.site, identity.label, now, until))
    return KioskAnswer(path=f"{KIOSK_PATH}?key={key}", id=link_id, site=wish.site, expires_at=until)


@router.get("/kiosk-links")
def kiosk_links(request: Request, backend: BackendDependency, identity: IdentityDependency) -> list[KioskRecordAnswer]:
    """Return the links that work still, without their keys."""
    return [
        KioskRecordAnswer(id=each.link_id, site=each.site, by=each.by, made_at=each.made_at, expires_at=each.until)
        for each in _links(request, backend, identity)
    ]


@router.post("/kiosk-links/{link_id}/end")
def end_kiosk_link(
    link_id: str, request: Request, backend: BackendDependency, identity: IdentityDependency
) -> KioskRecordAnswer:
    """End a link now; walls that hang open end within seconds."""
    link = next((each for each in _links(request, backend, identity) if each.link_id == link_id), None)
    store = request.app.state.accounts.store
    if link is None or not store.end_kiosk_link(link_id, by=identity.label, at=backend.clock.now()):
        raise HTTPException(404, "there is no such link, or it is over")
    request.app.state.accounts.end_here(link_id)
    return KioskRecordAnswer(id=link.link_id, site=link.site, by=link.by, made_at=link.made_at, expires_at=link.until)


def _links(request: Request, backend: Backend, identity: Identity) -> Sequence[KioskRecord]:
    """Return the links that work still and that somebody may know of: those of their own sites."""
    store: AccessStore | None = request.app.state.accounts.store
    links = store.kiosk_links(backend.clock.now()) if store is not None else ()
    scope = identity.scope
    return [each for each in links if not each.ended and (scope.is_unrestricted or each.site in scope.sites)]


def _truncate_to_seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)
