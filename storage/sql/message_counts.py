"""How many messages wait to be sent, since when, and when the last one was delivered."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from storage.sql.database.engine import read_transaction
from storage.sql.schema import tables


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """`oldest_at` is None where none waits, `last_delivered_at` where none was ever delivered or it was deleted."""

    waiting: int
    oldest_at: datetime | None
    last_delivered_at: datetime | None


def count_messages(engine: Engine) -> MessageCounts:
    """Return the counts. Raises `StoreUnavailable`."""
    outbox = tables.outbox.c
    waiting = select(func.count(), func.min(outbox.created_at)).where(outbox.delivered_at.is_(None))
    with read_transaction(engine) as connection:
        count, oldest = connection.execute(waiting).one()
        last = connection.execute(select(func.max(outbox.delivered_at))).scalar_one()
    return MessageCounts(count, oldest, last)
