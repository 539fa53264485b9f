"""docs/reference/ says what the code does."""

import pytest

from deploy.reference.pages import FOLDER, render_pages

PAGES = render_pages()


def test_every_page_of_the_folder_is_generated() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run: make reference"


def test_settings_commands_endpoints_and_metrics_are_on_their_pages() -> None:
    assert "| `max_lag_s` | number, more than 0, at most" in PAGES["settings.md"]
    assert "## `cameras[].masks[]`" in PAGES["settings.md"]
    assert "## `sightline cameras add`" in PAGES["cli.md"]
    assert "## `POST /api/v1/incidents/{incident_id}/acknowledge`" in PAGES["api.md"]
    assert "| `sightline_camera_reconnects_total` | counter | `camera`, `site`, `group` |" in PAGES["prometheus.md"]
