"""What an endpoint asks for besides its parameters: who asks, and the backend as they see it."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api.backend import Backend
from api.scoped_backend import scope_backend
from api.security.accounts import IDENTITY, NOBODY, Identity
from domain.records import AuditEntry


def identity_of_request(request: Request) -> Identity:
    identity: Identity = request.scope.get(IDENTITY, NOBODY)
    return identity


def audit_entry(
    identity: Identity, at: datetime, action: str, subject: str, detail: str = "", *, camera: str = "", site: str = ""
) -> AuditEntry:
    """Return a line of the audit about what somebody does."""
    return AuditEntry(at, identity.label, action, subject, detail, camera, site, via=identity.via)


def _backend_of_request(request: Request) -> Backend:
    return scope_backend(request.app.state.backend, identity_of_request(request).scope)


IdentityDependency = Annotated[Identity, Depends(identity_of_request)]
"""The type by which an endpoint asks who asks."""
BackendDependency = Annotated[Backend, Depends(_backend_of_request)]
"""The type by which an endpoint asks for the backend, as far as the one who asks may see it."""
