from pathlib import Path

from tests.unit.sightline.cli.test_cli import URL, assert_plain, run_command


def settings_at(folder: Path, database: str) -> tuple[str, str]:
    folder.mkdir(exist_ok=True)
    path = folder / "sightline.yaml"
    path.write_text(f"database: '{database}'\n", encoding="utf-8")
    return "--settings", str(path)


def test_a_database_is_backed_up_and_restored_elsewhere(tmp_path: Path) -> None:
    here = settings_at(tmp_path / "here", f"sqlite:///{tmp_path}/here/s.db")
    there = settings_at(tmp_path / "there", f"sqlite:///{tmp_path}/there/s.db")
    copy = str(tmp_path / "copy")
    run_command("cameras", "add", "gate", URL, "--site", "north", *here)

    made = run_command("backup", copy, *here)
    again = run_command("backup", copy, *here)
    restored = run_command("restore", copy, *there)
    twice = run_command("restore", copy, *there)

    assert (made.exit_code, again.exit_code, restored.exit_code, twice.exit_code) == (0, 2, 0, 2), made.output
    assert "never overwritten" in again.stderr
    assert "never overwritten" in twice.stderr
    assert "rtsp://***@10.0.0.5:554/main" in run_command("cameras", "list", *there).output
    for result in (made, again, restored, twice):
        assert_plain(result)


def test_postgres_is_told_its_own_commands_without_the_password(tmp_path: Path) -> None:
    at = settings_at(tmp_path, "postgresql://sight:top-hunter2@db.example:5433/watch")

    made = run_command("backup", "a copy", *at)
    restored = run_command("restore", "a copy", *at)

    assert (made.exit_code, restored.exit_code) == (2, 2)
    place = "-h db.example -p 5433 -U USER -d watch"
    assert f"pg_dump {place} --format=custom '--file=a copy'" in made.stderr
    assert f"pg_restore {place} --no-owner 'a copy'" in restored.stderr
    assert_plain(made)
    assert_plain(restored)
