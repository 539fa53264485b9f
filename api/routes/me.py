"""Who is signed in, and what they may do."""

from fastapi import APIRouter, Request
from pydantic import BaseModel

from api.request_context import IdentityDependency
from api.security.access_rules import session_cookie_values
from domain.access import UserRole

router = APIRouter(tags=["access"])


class MeAnswer(BaseModel):
    """`name` is "" for the token and an open port. Every camera may be seen where no site and no camera is named; `via`
    says how it is known who asks.

    `signed_in` says that the browser holds a session, which `POST /logout` ends.
    """

    name: str
    role: UserRole
    sites: list[str]
    cameras: list[str]
    signed_in: bool = False
    via: str


@router.get("/me")
def me(request: Request, identity: IdentityDependency) -> MeAnswer:
    """Return who asks: the owner of the session, the key or the token."""
    scope = identity.scope
    state = request.app.state
    asks = state.access.token is not None or state.accounts.requires_sign_in
    return MeAnswer(
        name=identity.name,
        role=identity.role,
        sites=sorted(scope.sites),
        cameras=sorted(scope.cameras),
        signed_in=asks and bool(session_cookie_values(request.headers.get("cookie", ""))),
        via=identity.via,
    )
