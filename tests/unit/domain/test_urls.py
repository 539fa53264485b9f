"""Addresses: the allow-list, every form of a login, and no secret shown."""

import pytest

from domain.errors import ConfigError
from domain.urls import checked, credentials, escaped, redacted

PASSWORD = "p@:#/w"
FORMS = [
    "rtsp://guard:p@:#/w@camera.lan:554/stream",
    "rtsp://guard:p%40%3A%23%2Fw@camera.lan:554/stream",
    "rtsps://guard:p%40:#/w@camera.lan/stream",
    "rtsp://guard:p@:#/w@camera.lan",
    "http://guard:p@:#/w@10.0.0.7:8080/live.m3u8",
    "https://guard:p%40%3a%23%2fw@[fd00::7]:8443/live.ts",
]


@pytest.mark.parametrize("url", FORMS)
def test_a_password_is_read_in_every_form(url: str) -> None:
    assert credentials(url) == ("guard", PASSWORD)
    assert credentials(escaped(url)) == ("guard", PASSWORD)


@pytest.mark.parametrize("url", FORMS)
def test_an_escaped_address_keeps_host_and_path_and_stays_the_same_when_escaped_again(url: str) -> None:
    once = escaped(url)
    assert once.endswith(url.rpartition("@")[2])
    assert escaped(once) == once
    assert once.count("@") == 1


@pytest.mark.parametrize("url", FORMS)
def test_nothing_of_a_login_is_shown(url: str) -> None:
    shown = redacted(f"cannot open {url}: refused, tried '{escaped(url)}' too")
    assert "guard" not in shown
    assert "p@" not in shown
    assert "p%40" not in shown
    assert "#/w" not in shown
    assert "***@" in shown


@pytest.mark.parametrize(
    "text",
    ["http://host/live?password=secret&x=1", "http://host/live?x=1&token=secret", "rtsp://host/a?user=secret"],
)
def test_secrets_in_a_query_are_hidden(text: str) -> None:
    assert "secret" not in redacted(text)


def test_an_at_sign_in_a_path_is_no_login() -> None:
    assert credentials("http://host/picture@2x") == ("", "")
    assert redacted("http://host/picture@2x") == "http://host/picture@2x"
    assert escaped("rtsp://host:554/picture@2x") == "rtsp://host:554/picture@2x"


def test_a_login_before_the_host_leaves_an_at_sign_in_the_path_alone() -> None:
    assert escaped("rtsp://guard:secret@host:554/picture@2x") == "rtsp://guard:secret@host:554/picture@2x"
    assert "secret" not in redacted("rtsp://guard:secret@host:554/picture@2x")


@pytest.mark.parametrize("url", ["exec:rm", "concat:a|b", "data:text", "ftp://host/x", "file+x://y", "udp://host:1"])
def test_other_schemes_are_refused_and_named(url: str) -> None:
    with pytest.raises(ConfigError, match=r"cameras\[0\].url"):
        checked(url, where="cameras[0].url")


def test_a_plain_path_is_a_file() -> None:
    assert checked("films/gate.mp4", where="x") == "films/gate.mp4"


def test_a_password_that_looks_like_a_port_is_hidden_all_the_same() -> None:
    assert "12/34" not in redacted("rtsp://guard:12/34@camera.lan/stream")
