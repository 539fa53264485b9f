"""From where something is done: set where a request or a command begins, read where its audit entry is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditOrigin:
    """The address that asks, "" for none, and how it is known who asks, such as "key" or "command line"."""

    client: str = ""
    via: str = ""


_origin: ContextVar[AuditOrigin] = ContextVar("audit_origin", default=AuditOrigin())  # noqa: B039 - frozen


def current_origin() -> AuditOrigin:
    return _origin.get()


@contextmanager
def audit_origin(origin: AuditOrigin) -> Iterator[None]:
    """Let everything that is written down inside come from `origin`."""
    before = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(before)
