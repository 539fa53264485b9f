"""A secret is found in whichever column or log it stands, except where it must stand."""

from datetime import UTC, datetime
from pathlib import Path

from domain.cameras import Camera
from lab.bench.endurance.neighbours.secret_leaks import find_in_logs, find_in_rows
from lab.bench.endurance.sightline_process import SightlineProcess
from lab.bench.endurance.stored_results import open_sqlite_reader
from storage.sql.database.engine import open_engine
from storage.sql.database.migrate import upgrade_schema
from storage.sql.stream_store import SqlStreamStore

SECRET = "canary-7d1"


def test_the_address_of_a_camera_may_hold_its_password_and_nothing_else_may(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade_schema(engine)
    store, at = SqlStreamStore(engine), datetime.now(UTC)
    store.put_camera(Camera("gate", f"rtsp://guard:{SECRET}@10.0.0.7/1"), by="test", at=at)
    assert find_in_rows(open_sqlite_reader(tmp_path / "a.db"), SECRET) == []
    store.put_camera(Camera("dock", "rtsp://10.0.0.8/1", site=f"half of {SECRET}"), by="test", at=at)
    assert find_in_rows(open_sqlite_reader(tmp_path / "a.db"), SECRET) == [
        "the column audit.site",
        "the column camera_changes.after_values",
        "the column cameras.site",
        "the column watch_changes.site",
    ]
    engine.dispose()


def test_a_log_that_holds_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "clean.log").write_text("rtsp://***@10.0.0.7/1")
    (tmp_path / "leaky.log").write_text(f"cannot open rtsp://guard:{SECRET}@10.0.0.7/1")
    programs = [SightlineProcess(name, (), tmp_path / f"{name}.log") for name in ("clean", "leaky")]
    assert find_in_logs(programs, SECRET) == ["the log of leaky"]
