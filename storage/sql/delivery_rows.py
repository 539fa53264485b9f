"""To whom each message goes, and who has it: what a restart needs so that nobody gets everything again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from storage.sql.schema import tables
from storage.sql.schema.upserts import insert_new

_NAMES_A_QUERY = 500


def plan_deliveries(connection: Connection, receivers: Mapping[str, Collection[str]], at: datetime) -> None:
    """Insert a row for each message and receiver that has none."""
    rows = [
        {
            "incident_id": incident_of(key),
            "key": key,
            "receiver": receiver,
            "planned_at": at,
            "delivered_at": None,
        }
        for key, names in receivers.items()
        for receiver in names
    ]
    insert_new(connection, tables.deliveries, rows)


def incident_of(key: str) -> str:
    """Return the incident that a message's key begins with."""
    return key.partition(":")[0]


def find_deliveries(connection: Connection, keys: Collection[str]) -> Mapping[str, Mapping[str, bool]]:
    """Return by key and receiver whether it was delivered."""
    table = tables.deliveries
    deliveries: dict[str, dict[str, bool]] = {}
    for part in _parts(keys):
        query = select(table.c.key, table.c.receiver, table.c.delivered_at).where(table.c.key.in_(part))
        for key, receiver, delivered_at in connection.execute(query):
            deliveries.setdefault(key, {})[receiver] = delivered_at is not None
    return deliveries


def mark_received(connection: Connection, deliveries: Collection[tuple[str, str]], at: datetime) -> None:
    """Set when each (key, receiver) was delivered, where it is not set yet."""
    table = tables.deliveries
    for key, receiver in deliveries:
        one = (table.c.key == key) & (table.c.receiver == receiver) & table.c.delivered_at.is_(None)
        connection.execute(update(table).where(one).values(delivered_at=at))


def receivers_notified(connection: Connection, incident_ids: Collection[str]) -> Mapping[str, Mapping[str, datetime]]:
    """Return by incident who got a message about it, and when the first."""
    table = tables.deliveries
    receivers: dict[str, dict[str, datetime]] = {}
    for part in _parts(incident_ids):
        query = select(
            table.c.incident_id, table.c.receiver, func.min(table.c.delivered_at, type_=table.c.planned_at.type)
        )
        delivered = table.c.incident_id.in_(part) & table.c.delivered_at.is_not(None)
        for incident_id, receiver, at in connection.execute(
            query.where(delivered).group_by(table.c.incident_id, table.c.receiver)
        ):
            receivers.setdefault(incident_id, {})[receiver] = at
    return receivers


def _parts(names: Collection[str]) -> Iterator[Sequence[str]]:
    """Yield the names in lists that fit one query."""
    ordered = sorted(names)
    for start in range(0, len(ordered), _NAMES_A_QUERY):
        yield ordered[start : start + _NAMES_A_QUERY]
