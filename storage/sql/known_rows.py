"""Reading rows of which some may be records that only a newer version knows."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select

_Record = TypeVar("_Record")


def decode_known(rows: Iterable[RowMapping], decode: Callable[[RowMapping], _Record | None]) -> list[_Record]:
    """Return what `decode` makes of the rows; a row of which it makes None is passed over."""
    return [record for row in rows if (record := decode(row)) is not None]


def read_known(
    connection: Connection, query: Select[Any], decode: Callable[[RowMapping], _Record | None], *, limit: int
) -> list[_Record]:
    """Return the first `limit` records of an ordered query; what is passed over takes no other record's place.

    Otherwise an older process would never reach what waits behind a hundred records of a newer one.
    """
    found: list[_Record] = []
    for start in count(0, max(1, limit)):
        rows = connection.execute(query.limit(limit).offset(start)).mappings().all()
        found += decode_known(rows, decode)
        if len(found) >= limit or len(rows) < limit:
            return found[:limit]
    raise AssertionError("count() never ends")
