"""Answers to a camera's challenge, by the examples of RFC 7616, and bytes that are no challenge."""

import secrets
import time

import pytest

from domain.errors import LoginRefused
from ingest.connect.authentication import Authenticator, Login, parse_challenges

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(monkeypatch: pytest.MonkeyPatch, algorithm: str, response: str) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda count: CLIENT_NONCE)
    login = Authenticator(Login("Mufasa", "Circle of Life"))
    login.take_challenge([RFC_7616.format(algorithm)])
    answer = login.authorize("GET", "/dir/index.html")
    assert f'response="{response}"' in answer
    assert "nc=00000001" in answer
    assert "nc=00000002" in login.authorize("GET", "/dir/index.html")


def test_nothing_is_said_before_a_challenge() -> None:
    assert Authenticator(Login("guard", "secret")).authorize("GET", "/") == ""


def test_the_strongest_challenge_is_answered() -> None:
    md5, sha = RFC_7616.format("MD5"), RFC_7616.format("SHA-256")
    for headers in ([md5, sha], [sha, md5], [f'Basic realm="x", {md5}', sha], [f'{sha}, Basic realm="x"']):
        login = Authenticator(Login("guard", "secret"))
        assert login.take_challenge(headers).algorithm == "SHA-256"
        assert "secret" not in login.authorize("GET", "/")


@pytest.mark.parametrize("header", ["", "Digest", "NTLM", "Digest nonce=x, algorithm=SHA-1", "Digest realm=x", ",,,=,"])
def test_what_cannot_be_answered_is_refused_without_a_login(header: str) -> None:
    login = Authenticator(Login("guard", "secret"))
    with pytest.raises(LoginRefused, match="does not support"):
        login.take_challenge([header])
    assert login.authorize("GET", "/") == ""


@pytest.mark.parametrize("piece", ['a="', 'Digest a="\\', ", Basic ", "x=y,", "Digest nonce="])
def test_a_long_challenge_is_read_at_once(piece: str) -> None:
    began_s = time.thread_time()
    challenges = parse_challenges([piece * (100_000 // len(piece))])
    assert time.thread_time() - began_s < 5.0
    assert all(challenge.name for challenge in challenges)


def test_a_login_never_shows_itself() -> None:
    assert "secret" not in repr(Login("guard", "secret"))


@pytest.mark.parametrize(
    "header", ["", ",", "M-^N=32", '="', "digest", "Basic", "\x00\x0e: 32", "á realm=x", "=" * 500]
)
def test_a_header_that_holds_no_challenge_is_no_error(header: str) -> None:
    assert all(challenge.name for challenge in parse_challenges([header]))


def test_several_challenges_in_one_header_are_distinguished() -> None:
    found = parse_challenges(['Digest realm="a, b", nonce="1", algorithm=SHA-256, Basic realm="c"', 'Digest nonce="2"'])

    assert [challenge.name for challenge in found] == ["digest", "basic", "digest"]
    assert [challenge.parameters.get("nonce") for challenge in found] == ["1", None, "2"]
    assert found[0].parameters["realm"] == "a, b"
