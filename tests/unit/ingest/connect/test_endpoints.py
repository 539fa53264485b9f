"""Where a camera may lead us: told by address alone, whatever its form."""

import pytest

from ingest.connect.endpoints import ForeignAddress, follow_reference, may_login, parse_endpoint

CAMERA = parse_endpoint("http://guard:p%40ss@192.0.2.10:8080/live/main?channel=1")


@pytest.mark.parametrize(
    ("url", "authority", "target"),
    [
        ("rtsp://192.0.2.10/stream1", "192.0.2.10:554", "/stream1"),
        ("rtsps://192.0.2.10", "192.0.2.10:322", ""),
        ("HTTP://Cam.Example.:80/x", "cam.example:80", "/x"),
        ("https://[2001:DB8::0:1]:8443/x?y=1#z", "[2001:db8::1]:8443", "/x?y=1"),
        ("http://[::ffff:192.0.2.10]/x", "192.0.2.10:80", "/x"),
        ("http://a:b@c:d@192.0.2.10/x y", "192.0.2.10:80", "/x%20y"),
        ("http://192.0.2.10?x=1", "192.0.2.10:80", "/?x=1"),
    ],
)
def test_an_address_is_taken_apart(url: str, authority: str, target: str) -> None:
    endpoint = parse_endpoint(url)
    assert (endpoint.authority, endpoint.target) == (authority, target)


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/other", "http://192.0.2.10:8080/other"),
        ("other.ts", "http://192.0.2.10:8080/live/other.ts"),
        ("?channel=2", "http://192.0.2.10:8080/live/main?channel=2"),
        ("//192.0.2.10:8080/x", "http://192.0.2.10:8080/x"),
        ("http://192.0.2.10:8080/x", "http://192.0.2.10:8080/x"),
        ("http://other:login@192.0.2.10:8080/x", "http://192.0.2.10:8080/x"),
        ("https://192.0.2.10/x", "https://192.0.2.10:443/x"),
        ("http://192.0.2.10/x", "http://192.0.2.10:80/x"),
        ("http://[::ffff:192.0.2.10]:8080/x", "http://192.0.2.10:8080/x"),
    ],
)
def test_what_stays_with_the_camera_is_followed(reference: str, url: str) -> None:
    assert follow_reference(CAMERA, reference, CAMERA).url == url


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "http://192.0.2.11:8080/x",
        "http://192.0.2.10:6379/x",
        "//192.0.2.11/x",
        "http://192.0.2.10:8080@192.0.2.11/x",
        "http://192.0.2.10:8080%40192.0.2.11/x",
        "http://192.0.2.10:8080.evil.example/x",
        "http://192.0.2.10.evil.example:8080/x",
        "http://0xC0.0.2.10:8080/x",
        "http://3221225994:8080/x",
        "http://192.0.2.10:/x@evil:8080",
        "http://evil:8080#@192.0.2.10:8080/",
        "http://evil:8080\\@192.0.2.10:8080/",
        "http:\\\\evil/x",
        "http:evil/x",
        "http:///x",
        "http://:8080/x",
        "http://192.0.2.10:99999/x",
        "http://192.0.2.10:\u0668\u0660/x",
        "http://\uff11\uff19\uff12.0.2.10:8080/x",
        "rtsp://192.0.2.10:8080/x",
        "file:///etc/passwd",
        "data:video/mp4;base64,AAAA",
        "concat:http://192.0.2.10:8080/a",
        "crypto+http://192.0.2.10:8080/a",
        "http://192.0.2.10:8080/\r\nX-Header: y",
        "http://192.0.2.10:8080/\x00",
        "/" + "x" * 5000,
        "http://[192.0.2.10]:8080/x@",
        "http://[::1]:8080/x",
    ],
)
def test_what_leads_elsewhere_is_refused(reference: str) -> None:
    try:
        found = follow_reference(CAMERA, reference, CAMERA)
    except ForeignAddress:
        return
    assert (found.host, found.port) in (("192.0.2.10", 8080), ("192.0.2.10", 80))


@pytest.mark.parametrize(
    ("entry", "followed"),
    [("192.0.2.11", True), ("192.0.2.11:9000", True), ("192.0.2.11:9001", False), ("192.0.2.12", False), ("%%", False)],
)
def test_listed_hosts_are_followed_and_get_no_login(entry: str, followed: bool) -> None:
    reference = "http://192.0.2.11:9000/x"
    if not followed:
        with pytest.raises(ForeignAddress):
            follow_reference(CAMERA, reference, CAMERA, (entry,))
        return
    found = follow_reference(CAMERA, reference, CAMERA, (entry,))
    assert not may_login(found, CAMERA)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://192.0.2.10:8080/other", True),
        ("https://192.0.2.10/x", True),
        ("http://192.0.2.10/x", False),
        ("http://192.0.2.11:8080/x", False),
    ],
)
def test_the_login_goes_to_the_camera_alone(url: str, allowed: bool) -> None:
    assert may_login(parse_endpoint(url), CAMERA) is allowed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "[::1]", "localhost"])
def test_on_this_machine_another_port_is_another_program(host: str) -> None:
    camera = parse_endpoint(f"http://{host}:8080/x")
    assert follow_reference(camera, "/y", camera).port == 8080
    for reference in (f"http://{host}/x", f"https://{host}/x"):
        with pytest.raises(ForeignAddress):
            follow_reference(camera, reference, camera)


def test_the_login_is_never_sent_less_protected() -> None:
    secure = parse_endpoint("https://192.0.2.10:8443/x")
    assert not may_login(parse_endpoint("http://192.0.2.10:8443/x"), secure)
