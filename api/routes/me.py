"""Who is signed in, and what they may do."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.request_context import IdentityDependency
from domain.access import UserRole

router = APIRouter(tags=["access"])


class MeAnswer(BaseModel):
    """`name` is "" for the token and an open port. Every camera may be seen where no site and no camera is named."""

    name: str
    role: UserRole
    sites: list[str]
    cameras: list[str]


@router.get("/me")
def me(identity: IdentityDependency) -> MeAnswer:
    """Return who asks: the owner of the session, the key or the token."""
    scope = identity.scope
    return MeAnswer(name=identity.name, role=identity.role, sites=sorted(scope.sites), cameras=sorted(scope.cameras))
