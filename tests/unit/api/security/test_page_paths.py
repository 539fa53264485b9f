"""Addresses of the page, and how one is kept through the login."""

import pytest

from api.security.page_paths import address_after_login, is_page_path, login_address, page_address


@pytest.mark.parametrize("path", ["/", "/cameras/gate 1", "/cameras/ä", "/incidents/gate/blur/1", "/reports", "/kiosk"])
def test_views_are_page_paths(path: str) -> None:
    assert is_page_path(path)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/cameras", "/static/app.js", "/camerasx", "//evil.example/cameras", "/cameras//evil.example",
     "/cameras/..", "/cameras/../login", "/cameras/a\\b", "/cameras/a\nb", "/metrics", ""],
)  # fmt: skip
def test_files_the_api_and_tricks_are_not(path: str) -> None:
    assert not is_page_path(path)
    assert page_address(path) == "/"


def test_an_address_survives_the_login_with_its_range_and_without_a_secret() -> None:
    address = page_address("/cameras/gate 1", "from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&token=x&tokem=y")
    assert address == "/cameras/gate%201?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z"
    form, _, query = login_address(address).partition("?")
    assert form == "/login"
    assert address_after_login(query) == address


@pytest.mark.parametrize(
    "hidden",
    ["next=https://evil.example/", "next=//evil.example", "next=/%5Cevil.example", "next=/api/v1/cameras", "next=",
     "next=/cameras/a%0d%0aSet-Cookie:%20x", "&".join(["next=/cameras/a"] * 100), "wrong"],
)  # fmt: skip
def test_the_login_leads_nowhere_but_to_a_view(hidden: str) -> None:
    assert address_after_login(hidden) == "/"


def test_the_start_needs_no_address_in_the_form() -> None:
    assert login_address("/") == "/login"
