"""Whether every frame offered to the cluster is accounted for, read from Postgres by plain SQL of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text


@dataclass(frozen=True, slots=True)
class ClusterFrameAccount:
    """One camera's account over all its sessions. `dropped` by ingest, `shed` by workers that were too far behind."""

    offered: int
    stored: int
    dropped: int
    shed: int
    put_aside: int
    doubled: int

    @property
    def wrong(self) -> tuple[str, ...]:
        """Return what does not close, in words."""
        found = []
        counted = self.stored + self.dropped + self.shed + self.put_aside
        if self.offered != counted:
            found.append(
                f"{self.offered} frames offered, {self.stored} stored, {self.dropped} dropped by ingest, "
                f"{self.shed} by workers, {self.put_aside} put aside"
            )
        if self.doubled:
            found.append(f"{self.doubled} frames stored more than once")
        if not self.stored:
            found.append("no frame stored")
        return tuple(found)


def read_frame_accounts(engine: Engine, names: Sequence[str]) -> Mapping[str, ClusterFrameAccount]:
    """Return each camera's account as the tables hold it now; one ingest process must have read it all the time."""
    with engine.connect() as connection:
        return {name: _account(connection, name) for name in names}


def _account(connection: Connection, name: str) -> ClusterFrameAccount:
    def number(query: str) -> int:
        return int(connection.execute(text(query), {"name": name}).scalar_one() or 0)

    rows = number("SELECT count(*) FROM frames WHERE stream_id = :name")
    distinct = number(
        "SELECT count(*) FROM (SELECT DISTINCT session_id, sequence FROM frames WHERE stream_id = :name) AS each"
    )
    return ClusterFrameAccount(
        offered=number("SELECT sum(frames_offered) FROM sessions WHERE stream_id = :name"),
        stored=distinct,
        # Ingest counts drops over a camera's life, so the last session knows them all.
        dropped=number("SELECT max(dropped_total) FROM sessions WHERE stream_id = :name"),
        shed=number(
            "SELECT count(*) FROM dropped_frames AS d WHERE stream_id = :name AND NOT EXISTS (SELECT FROM frames AS f"
            " WHERE (f.stream_id, f.session_id, f.sequence) = (d.stream_id, d.session_id, d.sequence))"
        ),
        put_aside=number("SELECT count(*) FROM dead_letters WHERE stream_id = :name"),
        doubled=rows - distinct,
    )
