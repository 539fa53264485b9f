"""Every test and every file that a note of promises names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NOTES = {"docs/design/cluster.md": 20, "docs/security.md": 100}
"""The notes, each with the least number of tests that it names."""


@pytest.mark.parametrize("note", NOTES)
def test_every_test_named_in_the_note_exists(note: str) -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", (ROOT / note).read_text(encoding="utf-8")))
    assert len(named) >= NOTES[note]
    assert named - defined == set()


@pytest.mark.parametrize("note", NOTES)
def test_every_file_named_in_the_note_exists(note: str) -> None:
    folders = "api|deploy|detectors|domain|evaluation|ingest|lab|locks|notification|sightline|storage|tests|transport"
    folders += "|weights|workers"
    named = set(re.findall(rf"`((?:{folders})/[\w/.-]*)`", (ROOT / note).read_text(encoding="utf-8")))
    named |= set(re.findall(r"`(docker-compose\.yml|Dockerfile|\.dockerignore)`", (ROOT / note).read_text()))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
