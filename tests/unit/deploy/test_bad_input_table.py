"""Every test that the design note names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
NOTE = (ROOT / "docs" / "design" / "cluster.md").read_text(encoding="utf-8")


def test_every_test_named_in_the_note_exists() -> None:
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", NOTE))
    assert len(named) > 20
    assert named - defined == set()


def test_every_file_named_in_the_note_exists() -> None:
    named = set(re.findall(r"`((?:tests|storage|transport|workers|api|bench)/[\w/.]+\.py)`", NOTE))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
