"""A camera does not choose whom we call: an address that the operator did not give gets no connection, no password."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.cameras import RtspTransport
from domain.errors import SourceUnavailable
from ingest.limits import ReadingLimits
from tests.cameras.answering_server import (
    Answer,
    AnsweringServer,
    ReceivedRequest,
    make_http_answer,
    make_rtsp_answer,
    serve_answers,
)
from tests.cameras.films import write_test_film
from tests.cameras.source_reading import SHORT, read_source

HLS = ReadingLimits(hls=True)
VICTIM = "127.0.0.2"


def fish_for_password(asked: ReceivedRequest) -> Answer:
    """Answer as a host does that fishes for passwords: it asks for one in plain words."""
    if asked.line.endswith("HTTP/1.1"):
        return make_http_answer(b"", status="401 Unauthorized", extra='WWW-Authenticate: Basic realm="x"\r\n')
    return make_rtsp_answer(asked, "401 Unauthorized", 'WWW-Authenticate: Basic realm="x"\r\n')


def add_login(url: str) -> str:
    return url.replace("://", "://guard:hush-hunter2@")


RTSP_FORMS: list[Callable[[AnsweringServer], str]] = [
    lambda other: other.url("rtsp"),
    lambda other: other.url("RTSP"),
    lambda other: other.url("rtsps"),
    lambda other: other.url("http"),
    lambda other: f"//{other.host}:{other.port}/x",
    lambda other: f"rtsp://127.0.0.1@{other.host}:{other.port}/x",
    lambda other: f"rtsp://127.0.0.1:554@{other.host}:{other.port}/x",
    lambda other: f"rtsp://{other.host}:{other.port}\\@127.0.0.1/x",
    lambda other: f"rtsp://2130706434:{other.port}/x",
    lambda other: f"rtsp://[::ffff:{other.host}]:{other.port}/x",
    lambda other: f"rtsp://0x7f.2:{other.port}/x",
    lambda other: f"rtsp://127.0.0.1:{other.port}/x",
    lambda other: f"tcp://{other.host}:{other.port}",
    lambda other: "file:///etc/passwd",
    lambda other: "",
]


@pytest.mark.parametrize("on", ["OPTIONS", "DESCRIBE", "SETUP"])
@pytest.mark.parametrize("form", range(len(RTSP_FORMS)))
def test_an_rtsp_redirect_reaches_no_other_host(on: str, form: int) -> None:
    if on != "DESCRIBE" and form > 3:
        form %= 4
    with serve_answers(fish_for_password, host=VICTIM if form != 11 else "127.0.0.1") as other:

        def reply(asked: ReceivedRequest) -> Answer:
            if asked.method == on:
                return make_rtsp_answer(asked, "302 Moved", f"Location: {RTSP_FORMS[form](other)}\r\n")
            return make_rtsp_answer(asked, body=DESCRIPTION if asked.method == "DESCRIBE" else "")

        with serve_answers(reply) as camera:
            result = read_source(add_login(camera.url("rtsp")), deadlines=SHORT)
        assert other.connections == 0
        assert len(camera.asked) <= 3
    assert type(result.error) is not None
    assert "hush" not in str(result.error)
    assert "check" in str(result.error) or "enter that address" in str(result.error)


DESCRIPTION = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


@pytest.mark.parametrize("where", ["content-base", "control", "connection line", "server's own request"])
def test_a_session_description_reaches_no_other_host(where: str) -> None:
    with serve_answers(fish_for_password, host=VICTIM) as other:

        def reply(asked: ReceivedRequest) -> Answer:
            if asked.method != "DESCRIBE":
                redirect = f"REDIRECT * RTSP/1.0\r\nCSeq: 9\r\nLocation: {other.url('rtsp')}\r\n\r\n".encode()
                return (redirect if where == "server's own request" else b"") + make_rtsp_answer(asked, "454 Session")
            body = DESCRIPTION
            if where == "control":
                body += f"a=control:{other.url('rtsp')}\r\n"
            if where == "connection line":
                body = body.replace("t=0 0", f"c=IN IP4 {other.host}\r\nt=0 0")
            base = f"Content-Base: {other.url('rtsp')}/\r\n" if where == "content-base" else ""
            return make_rtsp_answer(asked, "200 OK", base + "Content-Type: application/sdp\r\n", body)

        def after_options(asked: ReceivedRequest) -> Answer:
            return make_rtsp_answer(asked) if asked.method == "OPTIONS" else reply(asked)

        with serve_answers(after_options) as camera:
            read_source(add_login(camera.url("rtsp")), deadlines=SHORT)
            assert any(asked.method == "SETUP" for asked in camera.asked)
        assert other.connections == 0


HTTP_FORMS: list[Callable[[AnsweringServer], str]] = [
    lambda other: other.url("http"),
    lambda other: other.url("HTTP"),
    lambda other: other.url("https"),
    lambda other: other.url("rtsp"),
    lambda other: f"//{other.host}:{other.port}/x",
    lambda other: f"\t//{other.host}:{other.port}/x",
    lambda other: f"/\\{other.host}:{other.port}/x",
    lambda other: f"http:\\\\{other.host}:{other.port}/x",
    lambda other: f"http://127.0.0.1:80@{other.host}:{other.port}/x",
    lambda other: f"http://{other.host}:{other.port}#@127.0.0.1/",
    lambda other: f"http://{other.host}:{other.port}?@127.0.0.1/",
    lambda other: f"http:{other.host}:{other.port}/x",
    lambda other: f"http://127.0.0.1.:{other.port}/x",
    lambda other: "file:///etc/passwd",
    lambda other: "data:video/mp2t;base64,AAAA",
    lambda other: "",
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", range(len(HTTP_FORMS)))
def test_an_http_redirect_reaches_no_other_host(status: int, form: int) -> None:
    with serve_answers(fish_for_password, host=VICTIM if form != 12 else "127.0.0.1") as other:
        location = f"Location: {HTTP_FORMS[form](other)}\r\n"
        with serve_answers(lambda asked: make_http_answer(b"", status=f"{status} Moved", extra=location)) as camera:
            result = read_source(add_login(camera.url("http")), deadlines=SHORT)
        assert other.connections == 0
        assert len(camera.asked) <= 6
    assert isinstance(result.error, SourceUnavailable)
    assert "hush" not in str(result.error)


def test_a_chain_of_redirects_on_the_camera_itself_ends() -> None:
    with serve_answers(
        lambda asked: make_http_answer(b"", status="302 Found", extra=f"Location: {asked.path}x\r\n")
    ) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT)
    assert len(camera.asked) <= 6
    assert "redirects without end" in str(result.error)


def test_a_chain_of_rtsp_redirects_on_the_camera_itself_ends() -> None:
    def reply(asked: ReceivedRequest) -> Answer:
        return make_rtsp_answer(asked, "301 Moved", f"Location: {asked.path}x\r\n")

    with serve_answers(reply) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
    assert camera.connections <= 7
    assert "redirects without end" in str(result.error)


def test_a_redirect_on_the_camera_itself_is_followed(tmp_path: Path) -> None:
    content = write_test_film(tmp_path / "film.ts", frames=10).read_bytes()

    def reply(asked: ReceivedRequest) -> Answer:
        if asked.path == "/film.ts":
            return make_http_answer(content, "video/mp2t")
        return make_http_answer(b"", status="302 Found", extra="Location: film.ts\r\n")

    with serve_answers(reply) as camera:
        assert len(read_source(camera.url("http")).frames) == 10


def test_a_listed_host_is_reached_without_the_login(tmp_path: Path) -> None:
    content = write_test_film(tmp_path / "film.ts", frames=10).read_bytes()
    with serve_answers(lambda asked: make_http_answer(content, "video/mp2t"), host=VICTIM) as other:
        location = f"Location: http://guard:hush-hunter2@{other.host}:{other.port}/x\r\n"

        def reply(asked: ReceivedRequest) -> Answer:
            if "authorization" not in asked.headers:
                return make_http_answer(b"", status="401 Unauthorized", extra='WWW-Authenticate: Basic realm="x"\r\n')
            return make_http_answer(b"", status="302 Found", extra=location)

        with serve_answers(reply) as camera:
            listed = ReadingLimits(allowed_hosts=(f"{other.host}:{other.port}",))
            assert len(read_source(add_login(camera.url("http")), limits=listed).frames) == 10
        assert [asked for asked in other.asked if "authorization" in asked.headers] == []


def playlist(*lines: str) -> bytes:
    head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n"
    return (head + "\n".join(lines) + "\n").encode()


M3U8 = "application/vnd.apple.mpegurl"
PLAYLIST_FORMS: list[Callable[[AnsweringServer], str]] = [
    lambda other: f"#EXTINF:1,\n{other.url('http')}/v0.ts",
    lambda other: f"#EXTINF:1,\n//{other.host}:{other.port}/v0.ts",
    lambda other: f"#EXT-X-STREAM-INF:BANDWIDTH=1\n{other.url('http')}/a.m3u8",
    lambda other: f'#EXT-X-MAP:URI="{other.url("http")}/init.mp4"\n#EXTINF:1,\nv0.ts',
    lambda other: f'#EXT-X-KEY:METHOD=AES-128,URI="{other.url("http")}/key"\n#EXTINF:1,\nv0.ts',
    lambda other: (
        f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="a",NAME="a",URI="{other.url("http")}/a.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=1,VIDEO="a"\na.m3u8'
    ),
    lambda other: "#EXTINF:1,\nfile:///etc/passwd",
    lambda other: f"#EXTINF:1,\ntcp://{other.host}:{other.port}",
    lambda other: f"#EXTINF:1,\nHTTP://{other.host.upper()}:{other.port}/v0.ts",
    lambda other: f"#EXTINF:1,\nconcat:http://{other.host}:{other.port}/v0.ts",
    lambda other: f"#EXTINF:1,\nhttp://127.0.0.1:80@{other.host}:{other.port}/v0.ts",
]


@pytest.mark.parametrize("form", range(len(PLAYLIST_FORMS)))
def test_a_playlist_reaches_no_other_host(form: int) -> None:
    with serve_answers(fish_for_password, host=VICTIM) as other:
        content = playlist(PLAYLIST_FORMS[form](other))
        with serve_answers(lambda asked: make_http_answer(content, M3U8)) as camera:
            result = read_source(add_login(camera.url("http", "/a.m3u8")), deadlines=SHORT, limits=HLS)
        assert other.connections == 0
        assert len(camera.asked) <= 3
    assert isinstance(result.error, SourceUnavailable)
    assert "playlist" in str(result.error) or "address" in str(result.error)


def test_a_playlist_that_changes_between_requests_reaches_no_other_host(tmp_path: Path) -> None:
    content = write_test_film(tmp_path / "film.ts", frames=20).read_bytes()
    with serve_answers(fish_for_password, host=VICTIM) as other:
        count = 0

        def reply(asked: ReceivedRequest) -> Answer:
            nonlocal count
            if asked.path.endswith(".ts"):
                return make_http_answer(content, "video/mp2t")
            count += 1
            if count == 1:
                return make_http_answer(playlist("#EXTINF:1,", "v0.ts"), M3U8)
            return make_http_answer(playlist("#EXTINF:1,", "v0.ts", "#EXTINF:1,", other.url("http") + "/v1.ts"), M3U8)

        with serve_answers(reply) as camera:
            result = read_source(add_login(camera.url("http", "/a.m3u8")), deadlines=SHORT, limits=HLS)
        assert other.connections == 0
    assert len(result.frames) >= 10
    assert "not called" in str(result.error)


def test_a_segment_that_redirects_reaches_no_other_host() -> None:
    with serve_answers(fish_for_password, host=VICTIM) as other:

        def reply(asked: ReceivedRequest) -> Answer:
            if asked.path.endswith(".ts"):
                return make_http_answer(b"", status="302 Found", extra=f"Location: {other.url('http')}\r\n")
            return make_http_answer(playlist("#EXTINF:1,", "v0.ts", "#EXT-X-ENDLIST"), M3U8)

        with serve_answers(reply) as camera:
            result = read_source(add_login(camera.url("http", "/a.m3u8")), deadlines=SHORT, limits=HLS)
        assert other.connections == 0
    assert "not called" in str(result.error)


@pytest.mark.parametrize("kind", [M3U8, "video/mp2t", ""])
def test_a_playlist_is_read_only_where_the_operator_says_so(kind: str) -> None:
    with serve_answers(lambda asked: make_http_answer(playlist("#EXTINF:1,", "v0.ts"), kind)) as camera:
        result = read_source(camera.url("http", "/live"), deadlines=SHORT)
    assert len(camera.asked) == 1
    assert "ingest.hls" in str(result.error)


def test_playlists_that_nest_themselves_end_after_a_few_requests() -> None:
    def reply(asked: ReceivedRequest) -> Answer:
        return make_http_answer(playlist("#EXT-X-STREAM-INF:BANDWIDTH=1", f"{asked.path}x"), M3U8)

    with serve_answers(reply) as camera:
        result = read_source(camera.url("http", "/a.m3u8"), deadlines=SHORT, limits=HLS)
    assert len(camera.asked) <= 17
    assert "playlist" in str(result.error)


def test_a_playlist_of_a_thousand_playlists_ends_after_a_few_requests() -> None:
    def reply(asked: ReceivedRequest) -> Answer:
        if asked.path == "/a.m3u8":
            lines = [f"#EXT-X-STREAM-INF:BANDWIDTH={number}\nv{number}.m3u8" for number in range(1000)]
            return make_http_answer(playlist(*lines), M3U8)
        return make_http_answer(playlist("#EXTINF:1,", "v0.ts"), M3U8)

    with serve_answers(reply) as camera:
        result = read_source(camera.url("http", "/a.m3u8"), deadlines=SHORT, limits=HLS)
    assert len(camera.asked) <= 20
    assert isinstance(result.error, SourceUnavailable)


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>http://127.0.0.2/</BaseURL></MPD>',
        b"[playlist]\nFile1=http://127.0.0.2/\n",
        b"ffconcat version 1.0\nfile http://127.0.0.2/x.ts\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.2\r\ns=x\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=video 5000 RTP/AVP 96\r\n",
        b"#!lavfi\nmovie=/etc/passwd",
    ],
)
def test_no_other_list_of_addresses_is_read(body: bytes) -> None:
    for kind in ("video/mp4", "application/octet-stream"):
        with serve_answers(lambda asked, kind=kind: make_http_answer(body, kind)) as camera:  # type: ignore[misc]
            result = read_source(camera.url("http"), deadlines=SHORT)
        assert len(camera.asked) == 1
        assert isinstance(result.error, SourceUnavailable)


@pytest.mark.parametrize(
    "form", ["source={};", " source={} ;", "destination={};", "client_port=9000-9001,RTP/AVP;source={};"]
)
def test_no_datagram_reaches_another_host(form: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((VICTIM, 0))
        other.settimeout(0.5)
        port = other.getsockname()[1]

        def reply(asked: ReceivedRequest) -> Answer:
            if asked.method == "DESCRIBE":
                return make_rtsp_answer(asked, extra="Content-Type: application/sdp\r\n", body=DESCRIPTION)
            if asked.method == "SETUP":
                wanted = asked.headers["transport"]
                where = f"Transport: {wanted};{form.format(VICTIM)}server_port={port}-{port + 1}\r\n"
                return make_rtsp_answer(asked, extra=f"Session: 7\r\n{where}")
            return make_rtsp_answer(asked, extra="Session: 7\r\n")

        with serve_answers(reply) as camera:
            read_source(camera.url("rtsp"), deadlines=SHORT, transport=RtspTransport.UDP)
            assert any(asked.method in ("SETUP", "PLAY") for asked in camera.asked)
        with pytest.raises(TimeoutError):
            other.recv(100)
