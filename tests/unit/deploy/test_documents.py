"""The documentation holds together: links lead somewhere, folders are those there are, figures need no other host."""

import re
from pathlib import Path

import pytest
import yaml

from sightline.cli.main import COMMANDS

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def tracked_folders() -> set[str]:
    """Return the folders at the root, without those that tools write."""
    written = {"build", "dist", "var", "__pycache__"}
    return {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name not in written and "egg-info" not in path.name
    }


def folder_map(page: Path) -> set[str]:
    """Return the folders of the first column of the page's folder table."""
    rows = re.findall(r"^\| ((?:`\w+/`(?:, )?)+) \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)/`", row)}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "docs/start-here.md"])
def test_the_folder_map_is_what_ls_shows(page: str) -> None:
    assert folder_map(ROOT / page) == tracked_folders()


def test_the_site_shows_every_page_once() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    shown = re.findall(r"[\w/-]+\.md", str(nav))

    # What is kept for readers of old commits is no part of the site.
    pages = [page.relative_to(DOCS).as_posix() for page in PAGES]
    assert sorted(shown) == [page for page in pages if not page.startswith("history/")]


def test_no_figure_asks_another_host() -> None:
    figures = list(DOCS.rglob("*.svg"))
    assert figures
    for figure in figures:
        text = figure.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text
        assert "<script" not in text


def test_start_here_is_read_in_five_minutes() -> None:
    words = (DOCS / "start-here.md").read_text(encoding="utf-8").split()

    assert len(words) < 1000, "at 200 words a minute"


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "renames.md"], ids=lambda page: page.name)
def test_every_path_of_the_tree_that_a_page_names_exists(page: Path) -> None:
    folders = "|".join(sorted(tracked_folders()))
    named = set(re.findall(rf"`((?:{folders})/[\w/.-]*)`", page.read_text(encoding="utf-8")))
    missing = sorted(path for path in named if not (ROOT / path).exists())

    assert missing == []


@pytest.mark.parametrize("page", ["README.md", "docs/guides/install.md"])
def test_the_table_of_installs_names_every_command(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `sightline(?:\[\w+\])?` \|(.*?)\|", text, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert {command.name for command in COMMANDS} - {"demo"} == named
    assert "and the demo" in " ".join(rows)
