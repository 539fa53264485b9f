"""What shadow mode kept from receivers, as long as the history."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, RowMapping, select

from domain.access import EVERY_CAMERA, AccessScope
from domain.alerts import NotificationKind
from domain.shadow import BEGINS, ShadowMessage
from storage.sql.database.engine import read_transaction, write_transaction
from storage.sql.known_rows import read_known
from storage.sql.schema import tables
from storage.sql.schema.documents import INCIDENT, decode_incident, encode_record
from storage.sql.schema.upserts import insert_new
from storage.sql.visible_rows import visible_messages


class SqlShadowLog:
    """`ShadowLog` on SQLite or Postgres. Every method raises `StoreUnavailable` while the database is unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, message: ShadowMessage) -> None:
        row = {
            "key": message.key,
            "receiver": message.receiver,
            "kind": message.kind,
            "incident_id": message.incident.incident_id,
            "incident": encode_record(INCIDENT, message.incident),
            "at": message.at,
        }
        with write_transaction(self._engine) as connection:
            insert_new(connection, tables.shadow_messages, [row])

    def holds(self, incident_id: str, receiver: str) -> bool:
        table = tables.shadow_messages
        of_incident = (table.c.incident_id == incident_id, table.c.receiver == receiver)
        query = select(table.c.key).where(*of_incident, table.c.kind.in_(BEGINS)).limit(1)
        with read_transaction(self._engine) as connection:
            return connection.execute(query).first() is not None

    def was_notified(self, incident_id: str, receiver: str) -> bool:
        kept, sent = tables.shadow_messages, tables.deliveries
        keys = select(kept.c.key).where(kept.c.incident_id == incident_id, kept.c.receiver == receiver)
        of_incident = (sent.c.incident_id == incident_id, sent.c.receiver == receiver)
        query = select(sent.c.key).where(*of_incident, sent.c.delivered_at.is_not(None), sent.c.key.not_in(keys))
        with read_transaction(self._engine) as connection:
            return connection.execute(query.limit(1)).first() is not None

    def messages(
        self, since: datetime, until: datetime, *, limit: int = 10_000, scope: AccessScope = EVERY_CAMERA
    ) -> Sequence[ShadowMessage]:
        table = tables.shadow_messages
        order = (table.c.at.desc(), table.c.key, table.c.receiver)
        query = select(table).where(table.c.at >= since, table.c.at < until).order_by(*order)
        with read_transaction(self._engine) as connection:
            query = query.where(*visible_messages(connection, scope))
            return read_known(connection, query, _message_from_row, limit=limit)


def _message_from_row(row: RowMapping) -> ShadowMessage | None:
    incident = decode_incident(row["incident"])
    if incident is None:
        return None
    return ShadowMessage(
        key=row["key"],
        receiver=row["receiver"],
        kind=NotificationKind(row["kind"]),
        incident=incident,
        at=row["at"],
    )
