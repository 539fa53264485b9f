"""Column types that mean the same in SQLite and Postgres."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Dialect, Engine, Text, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Return `at` as whole microseconds since 1970 in UTC, exactly; a time without a zone raises ValueError."""
    if at.tzinfo is None:
        raise ValueError(f"time without a zone: {at!r}")
    return (at - _EPOCH) // _MICROSECOND


class UtcTime(TypeDecorator[datetime]):
    """An instant: `timestamptz` in Postgres, whole microseconds since 1970 (UTC) in SQLite. Read back in UTC."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value if dialect.name == "postgresql" else microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return _EPOCH + timedelta(microseconds=int(value))


def add_seconds(engine: Engine, column: ColumnElement[datetime], seconds: int) -> ColumnElement[Any]:
    """Return a time so many seconds after a column of `UtcTime`, in the words of the database."""
    if engine.dialect.name == "postgresql":
        return column + timedelta(seconds=seconds)
    return type_coerce(column, BigInteger()) + seconds * 1_000_000


class Document(TypeDecorator[str]):
    """JSON as text that is already encoded: `jsonb` in Postgres, text in SQLite. Read back as Python objects.

    `open_engine` stops Postgres' driver from encoding it a second time.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(Text())

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return json.loads(value) if isinstance(value, str) else value
