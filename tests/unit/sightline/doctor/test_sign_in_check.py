"""The doctor tries the service that signs people in, on a real small issuer and on what is none."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import OctKey

from domain.errors import SignOnUnavailable
from sightline.config.settings import Settings
from sightline.config.settings_loading import parse_settings
from sightline.doctor.finding import Health
from sightline.doctor.sign_in_check import check_sign_in
from sightline.services.oidc_sign_on import IssuerState
from tests.canary import WORD
from tests.fakes.oidc_issuer import Issuer, serve_issuer


def make_settings(issuer: str) -> Settings:
    oidc = {"issuer": issuer, "client_id": "sightline", "secret": f"{WORD}-of-the-client"}
    sign_in = {"oidc": oidc, "groups": [{"group": "*", "role": "viewer"}]}
    return parse_settings({"api": {"public_url": "https://cams.example.org", "sign_in": sign_in}})


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serve_issuer(Issuer(), time.time) as served:
        yield served


def test_a_service_that_is_well_is_named_with_its_keys(issuer: Issuer) -> None:
    found = check_sign_in(make_settings(issuer.address), wait_s=60)
    assert found is not None
    assert (found.health, found.text) == (Health.OK, f"{issuer.address} answers, with 1 keys; the clocks agree")
    assert issuer.asked == [], "nobody is signed in"


def test_without_a_service_there_is_no_finding() -> None:
    assert check_sign_in(parse_settings({})) is None


def test_another_name_and_no_key_that_signs_are_failures(issuer: Issuer) -> None:
    issuer.named_issuer = "https://other.example"
    renamed = check_sign_in(make_settings(issuer.address), wait_s=60)
    issuer.named_issuer, issuer.published = None, []
    keyless = check_sign_in(make_settings(issuer.address), wait_s=60)
    issuer.published = [OctKey.import_key("a secret that everybody shares")]  # type: ignore[list-item]
    shared = check_sign_in(make_settings(issuer.address), wait_s=60)
    for found, said in ((renamed, "another name"), (keyless, "no key"), (shared, "no key")):
        assert found is not None
        assert found.health is Health.FAILED
        assert said in found.text
        assert WORD not in found.text


@pytest.mark.parametrize("hours", [-24, 1])
def test_clocks_that_differ_are_a_failure(hours: int) -> None:
    state = IssuerState(1, datetime.now(UTC) + timedelta(hours=hours))
    found = check_sign_in(make_settings("https://id.example.org"), read=lambda _: state, wait_s=60)
    assert found is not None
    assert found.health is Health.FAILED
    assert "differ by" in found.text


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", b"SSH-2.0-x\r\n"])
def test_what_is_no_such_service_is_one_sentence(answer: bytes) -> None:
    with silent_server(answer) as port:
        found = check_sign_in(make_settings(f"http://127.0.0.1:{port}"), wait_s=60)
    assert found is not None
    assert found.health is Health.FAILED
    assert "does not answer" in found.text or "nobody can read" in found.text


def test_one_that_never_ends_its_answer_is_left_alone() -> None:
    release = threading.Event()

    def read(_: str) -> Any:
        release.wait(60)
        raise SignOnUnavailable("late")

    found = check_sign_in(make_settings("https://id.example.org"), read=read, wait_s=0.2)
    release.set()
    assert found is not None
    assert (found.health, "did not answer in time" in found.text) == (Health.FAILED, True)


@contextmanager
def silent_server(answer: bytes) -> Iterator[int]:
    """Give a port that answers every connection with these bytes and ends it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65536)
                    peer.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = int(server.getsockname()[1])
        try:
            yield port
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(30)
