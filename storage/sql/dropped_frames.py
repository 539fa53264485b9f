"""Frames that a worker dropped unscored: one row each, so that a batch delivered again counts none of them twice."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from domain.frames import FrameRef
from storage.sql.schema import tables


def dropped_frame_rows(refs: Iterable[FrameRef]) -> list[dict[str, Any]]:
    return [
        {
            "stream_id": ref.stream_id,
            "session_id": ref.session_id,
            "sequence": ref.sequence,
            "received_at": ref.received_at,
        }
        for ref in refs
    ]


def count_dropped_frames(connection: Connection, stream_id: str, sessions: Collection[str]) -> Mapping[str, int]:
    """Return how many frames of each session were dropped and never stored; those older than raw frames are forgotten.

    A batch delivered again may be scored where it was dropped before, or the reverse: what is stored counts.
    """
    table, frames = tables.dropped_frames, tables.frames
    stored = (
        (frames.c.stream_id == table.c.stream_id)
        & (frames.c.received_at == table.c.received_at)
        & (frames.c.session_id == table.c.session_id)
        & (frames.c.sequence == table.c.sequence)
    )
    query = (
        select(table.c.session_id, func.count())
        .where(table.c.stream_id == stream_id, table.c.session_id.in_(sessions))
        .where(~select(frames.c.sequence).where(stored).exists())
        .group_by(table.c.session_id)
    )
    return {session: int(count) for session, count in connection.execute(query)}
