"""Times that a request may name: none so far from now that a store or a time zone cannot hold it."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def bounded(at: datetime) -> datetime:
    """Return `at` in UTC, one without a zone taken as UTC. Raises `ValueError` for a time outside 1970 to 2199."""
    try:
        moment = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (OverflowError, ValueError):  # the year 1 or 9999, moved over the edge by its zone
        moment = None
    if moment is None or not EARLIEST <= moment < LATEST:
        raise ValueError("a time must be between 1970 and 2199")
    return moment


Moment = Annotated[datetime, AfterValidator(bounded)]
"""The type by which an endpoint takes a time."""
