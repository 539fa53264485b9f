"""What is read of one ONVIF camera, by how many logins, and what a hostile one achieves."""

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from itertools import count

import pytest

from domain.errors import LoginRefused, SourceUnavailable
from ingest.connect.authentication import Login
from ingest.connect.endpoints import parse_endpoint
from ingest.onvif.device import OnvifDevice, choose_profile, read_device
from lab.services.certificates import make_certificate
from lab.services.server_process import ServiceMissing
from simulation.cameras.onvif_device import SimulatedOnvif, SimulatedProfile, serve_onvif, wrap_answer
from tests.canary import WORD
from tests.unit.api.conftest import absent
from tests.unit.ingest.onvif.hostile_answers import pour_endlessly, redirect_elsewhere

PASSWORD = f"{WORD}-onvif"
LOGIN = Login("operator", PASSWORD)


def read(
    device: SimulatedOnvif, login: Login | None = LOGIN, *, profile: str = "", timeout_s: float = 60.0
) -> OnvifDevice:
    with serve_onvif(device):
        return read_device(parse_endpoint(device.url), login, profile=profile, timeout_s=timeout_s)


@pytest.mark.parametrize("media2", [True, False])
@pytest.mark.parametrize("kind", ["token", "digest", ""])
@pytest.mark.parametrize("locked", [False, True])
def test_streams_codec_size_and_identity_are_read_by_one_session_and_three_logins(
    kind: str, *, media2: bool, locked: bool
) -> None:
    device = SimulatedOnvif(
        password=PASSWORD, login_kind=kind, media2=media2, locks_open_requests=locked and kind != ""
    )
    if locked:
        # Such a camera names its media service to nobody before a login: the standard's own path is asked.
        device.media2 = False
    found = read(device)
    assert [each.describe() for each in found.profiles] == [
        "main stream H264 1920x1080 25 fps",
        "sub stream H264 640x360 15 fps",
    ]
    assert found.chosen is not None
    assert found.chosen.token == "main"
    assert found.url == "rtsp://127.0.0.1:554/main?a=1&b=2"
    assert (found.maker, found.model, found.serial) == ("Sightline", "Pretended", "4C11AE01C0DE")
    assert found.identity == (
        device.reference if not locked or kind == "" else "serial:sightline/pretended/4c11ae01c0de"
    )
    assert device.record.connections == 1
    assert device.record.logins <= 3
    assert device.record.refused == 0


def test_a_camera_that_ends_each_connection_is_asked_one_at_a_time_and_gets_no_fourth_login() -> None:
    device = SimulatedOnvif(password=PASSWORD, closes_silently=True)
    with suppress(SourceUnavailable):
        read(device)
    assert device.record.connections > 1
    assert device.record.logins <= 3


@pytest.mark.parametrize("kind", ["token", "digest"])
def test_a_wrong_password_is_sent_once(kind: str) -> None:
    device = SimulatedOnvif(password=PASSWORD, login_kind=kind)
    with pytest.raises(LoginRefused, match="check user and password"):
        read(device, Login("operator", "wrong"))
    assert (device.record.logins, device.record.refused) == (1, 1)


def test_whoever_asks_for_the_password_in_the_clear_does_not_get_it() -> None:
    device = SimulatedOnvif(password=PASSWORD, login_kind="basic")
    with pytest.raises(LoginRefused):
        read(device)
    assert device.record.passwords_in_clear == 0
    assert device.record.logins <= 3


def test_without_a_login_none_is_sent_and_it_is_asked_for() -> None:
    device = SimulatedOnvif(password=PASSWORD)
    with pytest.raises(LoginRefused, match="asks for a login"):
        read(device, None)
    assert device.record.logins == 0


@pytest.mark.parametrize("shift", [timedelta(days=-9000), timedelta(hours=7), timedelta(minutes=-3)])
def test_a_camera_whose_clock_is_wrong_takes_the_login(shift: timedelta) -> None:
    device = SimulatedOnvif(password=PASSWORD, shift=shift)
    assert read(device).url
    assert device.record.refused == 0


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    try:
        certificate = make_certificate(tmp_path_factory.mktemp("certificate"))
    except ServiceMissing as error:
        absent(str(error))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.key_and_chain)
    return context


@pytest.mark.parametrize("kind", ["token", "digest", ""])
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_over_tls_one_session_and_three_logins_are_enough_too(
    tls: ssl.SSLContext, kind: str, newest: ssl.TLSVersion
) -> None:
    tls.maximum_version = newest
    device = SimulatedOnvif(password=PASSWORD, login_kind=kind, tls=tls, shift=timedelta(days=-9000))
    found = read(device)
    assert found.url == "rtsp://127.0.0.1:554/main?a=1&b=2"
    assert found.serial == "4C11AE01C0DE"
    assert device.record.connections == 1
    assert (device.record.logins, device.record.refused) == (0 if kind == "" else 3, 0)


def test_a_port_without_tls_and_one_with_it_are_named_for_what_they_are(tls: ssl.SSLContext) -> None:
    plain, secure = SimulatedOnvif(password=PASSWORD), SimulatedOnvif(password=PASSWORD, tls=tls)
    with serve_onvif(plain), serve_onvif(secure):
        for device, scheme in ((plain, "https"), (secure, "http")):
            address = f"{scheme}://{device.host}:{device.port}/onvif/device_service"
            with pytest.raises(SourceUnavailable) as refused:
                read_device(parse_endpoint(address), LOGIN, timeout_s=10)
            assert WORD not in str(refused.value)
            assert device.record.logins == 0


def test_a_stream_is_chosen_by_its_name_else_the_largest_that_can_be_read() -> None:
    profiles = (
        SimulatedProfile("small", "H265", 640, 360),
        SimulatedProfile("huge", "AV9", 7680, 4320),
        SimulatedProfile("hd"),
    )
    device = SimulatedOnvif(profiles=profiles, password=PASSWORD)
    largest = read(device).chosen
    named = read(device, profile="SMALL stream").chosen
    assert largest is not None
    assert named is not None
    assert (largest.token, named.token) == ("hd", "small")
    with pytest.raises(SourceUnavailable, match=r"no stream 'none'; its streams are: small stream H265 640x360"):
        read(device, profile="none")
    with pytest.raises(SourceUnavailable, match="no stream of video"):
        choose_profile(())


def test_a_camera_that_names_another_host_for_its_services_is_asked_at_its_own() -> None:
    device = SimulatedOnvif(password=PASSWORD, service_host="192.0.2.77:80")
    assert read(device).url


@pytest.mark.parametrize(
    "host", ["192.0.2.77:554", "localhost:554", "[::1]:554", "127.0.0.1.example:554", "user@192.0.2.77"]
)
def test_a_stream_at_another_host_is_refused(host: str) -> None:
    device = SimulatedOnvif(password=PASSWORD, stream_host=host)
    with pytest.raises(SourceUnavailable):
        read(device)


def test_a_login_in_the_address_that_a_camera_names_is_dropped() -> None:
    device = SimulatedOnvif(password=PASSWORD, stream_host="127.0.0.1:554")
    device.stream_host = "root:other@127.0.0.1:554"
    assert read(device).url == "rtsp://127.0.0.1:554/main?a=1&b=2"


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><b>&j;</b>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE b SYSTEM "http://192.0.2.77/x.dtd"><b/>'
FILE = b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]><b>&x;</b>'


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        BOMB.decode().encode("utf-16"),
        OUTSIDE,
        FILE,
        b"<a>" * 100_000 + b"</a>" * 100_000,
        b"",
        b"\x00" * 100,
        b"<a/>",
        b"<html>no</html>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b"\xff\xfe",
        wrap_answer("<x:Profiles/>"),
        wrap_answer('<Profiles token=""/>' * 5000),
    ],
    ids=range(13),
)
@pytest.mark.parametrize(
    "operation", ["GetServices", "GetProfiles", "GetSystemDateAndTime", "GetStreamUri", "GetDeviceInformation"]
)
def test_answers_that_are_no_onvif_are_an_error_in_words_or_change_nothing(operation: str, content: bytes) -> None:
    device = SimulatedOnvif(password=PASSWORD, media2=False, answers={operation: content})
    if operation in ("GetProfiles", "GetStreamUri"):
        with pytest.raises(SourceUnavailable):
            read(device)
    else:
        assert read(device).url == "rtsp://127.0.0.1:554/main?a=1&b=2"
    assert device.record.logins <= 3


def _endless_chunks(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in count():
        handler.wfile.write(b"8\r\n<a><a><a\r\n")


def _large_promise(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "99999999999")
    handler.end_headers()
    _pour(handler, b"<a>" * 30_000)


def _pour(handler: BaseHTTPRequestHandler, piece: bytes) -> None:
    for _ in count():
        handler.wfile.write(piece)


def _many_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    _pour(handler, b"X-A: " + b"a" * 60_000 + b"\r\n")


def _continue(handler: BaseHTTPRequestHandler) -> None:
    _pour(handler, b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("way", [pour_endlessly, _endless_chunks, _large_promise, redirect_elsewhere, _many_headers])
def test_answers_without_end_and_redirects_end_the_conversation(way: Callable[[BaseHTTPRequestHandler], None]) -> None:
    device = SimulatedOnvif(password=PASSWORD, answers={"GetProfiles": way})
    with pytest.raises(SourceUnavailable):
        read(device)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in count():
        handler.wfile.write(b"<")
        time.sleep(0.05)


@pytest.mark.parametrize("way", [_drip, _continue])
def test_a_camera_that_answers_ever_so_slowly_is_cut_off(way: Callable[[BaseHTTPRequestHandler], None]) -> None:
    device = SimulatedOnvif(password=PASSWORD, answers={"GetServices": way, "GetCapabilities": way, "GetProfiles": way})
    began_s = time.monotonic()
    with pytest.raises(SourceUnavailable, match="does not answer"):
        read(device, timeout_s=1.0)
    assert time.monotonic() - began_s < 30
