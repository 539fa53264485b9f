"""All reference pages by file name. A test fails where docs/reference/ differs from what this returns."""

from collections.abc import Mapping
from pathlib import Path

from deploy.reference.api_page import render_api_page
from deploy.reference.cli_page import render_cli_page
from deploy.reference.prometheus_page import render_prometheus_page
from deploy.reference.runbook_page import render_runbook_page
from deploy.reference.settings_page import render_settings_page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def render_pages() -> Mapping[str, str]:
    """Return the text of each page by its file name in docs/reference/."""
    return {
        "settings.md": render_settings_page(),
        "cli.md": render_cli_page(),
        "api.md": render_api_page(),
        "prometheus.md": render_prometheus_page(),
        "runbook.md": render_runbook_page(),
    }
