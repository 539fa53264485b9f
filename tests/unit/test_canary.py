"""The canary of the test run finds what it looks for, and lets pass what may be."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.canary import WORD, Canary


def test_a_password_is_found_in_any_text_and_said_with_its_test() -> None:
    canary = Canary()
    canary.test = "tests/x.py::test_y"

    canary.look("answer", f"a {WORD} b".encode(), "200")
    canary.look("error", f"rtsp://u:{WORD}@h", "ConfigError")
    canary.look("answer", b"rtsp://***@h", "200")

    assert canary.found == ["answer 200 in tests/x.py::test_y", "error ConfigError in tests/x.py::test_y"]
    assert canary.texts == {"answer": 2, "error": 1}


def test_it_is_found_in_files_and_columns_but_for_those_that_must_hold_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "s.db")) as database:
        database.execute("CREATE TABLE cameras (url TEXT, site TEXT)")
        database.execute("CREATE TABLE audit (detail JSON)")
        database.execute("INSERT INTO cameras VALUES (?, 'north')", (f"rtsp://u:{WORD}@h",))
        database.execute("INSERT INTO audit VALUES (?)", (f"put {WORD}",))
        database.commit()
    (tmp_path / "run.log").write_text(f"lost {WORD}", encoding="utf-8")
    (tmp_path / "settings.yaml").write_text(f"password: {WORD}", encoding="utf-8")
    canary = Canary()

    canary.look_into_files(tmp_path)

    # The run's own canary looks into every folder at the end.
    shutil.rmtree(tmp_path)
    assert sorted(canary.found) == ["column audit.detail of s.db", "file run.log"]
    assert canary.texts == {"column": 2, "file": 1}


def test_a_folder_that_another_process_searched_is_not_searched_again(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "run.log").write_text(f"lost {WORD}", encoding="utf-8")
    canary = Canary()
    canary.searched.add(tmp_path / "theirs")

    canary.look_into_files(tmp_path)

    shutil.rmtree(tmp_path)
    assert canary.found == ["file ours/deep/run.log"]
