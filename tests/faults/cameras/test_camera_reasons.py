"""Every way in which a camera's address is wrong has its own sentence with a next step; no login is wasted on it."""

import hashlib
import re
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import av.error
import pytest

from domain.cameras import RtspTransport
from domain.errors import CodecUnsupported, LoginRefused, NoVideo, SourceUnavailable
from ingest.connect.stream_errors import SourceKind, error_for_ffmpeg
from simulation.cameras.rtp import RtpPacket, split_payloads
from tests.cameras.answering_server import Answer, ReceivedRequest, make_http_answer, make_rtsp_answer, serve_answers
from tests.cameras.films import encode_access_units
from tests.cameras.source_reading import SHORT, read_source

REALM, NONCE = "IP Camera(登录)", "abc123"
DESCRIPTION = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\n{media}"
VIDEO = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
AUDIO = "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=control:audio\r\n"


def play_ten_pictures(asked: ReceivedRequest, media: str = VIDEO) -> Answer:
    """Answer as a camera that plays ten pictures and leaves."""
    if asked.method == "DESCRIBE":
        return make_rtsp_answer(asked, extra="Content-Type: application/sdp\r\n", body=DESCRIPTION.format(media=media))
    if asked.method == "SETUP":
        return make_rtsp_answer(asked, extra=f"Session: 7\r\nTransport: {asked.headers.get('transport', '')}\r\n")
    if asked.method == "PLAY":
        return pictures(asked)
    return make_rtsp_answer(asked)


def pictures(asked: ReceivedRequest) -> Iterator[bytes]:
    yield make_rtsp_answer(asked, extra="Session: 7\r\n")
    number = 0
    for index, unit in enumerate(encode_access_units(10)):
        for payload, last in split_payloads(unit):
            number += 1
            yield RtpPacket(0.0, index * 3600, number, payload, last).wire()
    yield b""


def digest_challenge(algorithm: str, nonce: str = NONCE, extra: str = "") -> str:
    return f'WWW-Authenticate: Digest realm="{REALM}", nonce="{nonce}"{algorithm}{extra}\r\n'.encode().decode("latin-1")


def right_login(asked: ReceivedRequest, nonce: str = NONCE) -> bool:
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', asked.headers.get("authorization", "")))
    name = hashlib.sha256 if "256" in given.get("algorithm", "") else hashlib.md5
    hashed: Callable[[str], str] = lambda text: name(text.encode()).hexdigest()  # noqa: E731
    secret = hashed(f"guard:{REALM}:hush-hush")
    request = hashed(f"{asked.method}:{given.get('uri')}")
    between = f"{nonce}:{given['nc']}:{given['cnonce']}:auth" if "qop" in given else nonce
    fits = given.get("uri", "").split("://")[-1].partition("/")[2] == asked.path.split("://")[-1].partition("/")[2]
    return fits and given.get("response") == hashed(f"{secret}:{between}:{request}")


def logins(requests: list[ReceivedRequest]) -> int:
    return sum("authorization" in asked.headers for asked in requests)


def ask_for_login(challenge: str) -> Callable[[ReceivedRequest], Answer]:
    def reply(asked: ReceivedRequest) -> Answer:
        if asked.method != "OPTIONS" and not right_login(asked):
            return make_rtsp_answer(asked, "401 Unauthorized", challenge)
        return play_ten_pictures(asked)

    return reply


CHALLENGES = [
    digest_challenge(', algorithm="SHA-256", stale="FALSE"'),
    digest_challenge(", algorithm=SHA-256", extra=', qop="auth,auth-int", opaque="x"'),
    digest_challenge(", algorithm=MD5"),
    digest_challenge(""),
    digest_challenge(", algorithm=SHA-256") + digest_challenge(", algorithm=MD5"),
    digest_challenge(", algorithm=MD5") + digest_challenge(", algorithm=SHA-256"),
    digest_challenge(", algorithm=FUTURE-9") + digest_challenge(", algorithm=MD5"),
]


@pytest.mark.parametrize("challenge", CHALLENGES)
def test_every_usual_kind_of_digest_login_works(challenge: str) -> None:
    with serve_answers(ask_for_login(challenge)) as camera:
        result = read_source(camera.url("rtsp").replace("://", "://guard:hush-hush@"), deadlines=SHORT)
    assert len(result.frames) >= 9


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_wrong_password_is_shown_once_in_an_attempt(scheme: str) -> None:
    challenge = digest_challenge(", algorithm=SHA-256")

    def reply(asked: ReceivedRequest) -> Answer:
        if scheme == "http":
            return make_http_answer(b"", status="401 Unauthorized", extra='WWW-Authenticate: Basic realm="x"\r\n')
        return (
            make_rtsp_answer(asked)
            if asked.method == "OPTIONS"
            else make_rtsp_answer(asked, "401 Unauthorized", challenge)
        )

    with serve_answers(reply) as camera:
        result = read_source(camera.url(scheme).replace("://", "://guard:wrong@"), deadlines=SHORT)
    assert type(result.error) is LoginRefused
    assert "check user and password" in str(result.error)
    assert logins(camera.asked) == 1


@pytest.mark.parametrize("kind", ["Digest realm=x, nonce=y, algorithm=SHA3-512", "NTLM", "Bearer realm=x", "Digest"])
@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_login_that_is_not_supported_is_named_and_never_tried(kind: str, scheme: str) -> None:
    challenge = f"WWW-Authenticate: {kind}\r\n"

    def reply(asked: ReceivedRequest) -> Answer:
        if scheme == "http":
            return make_http_answer(b"", status="401 Unauthorized", extra=challenge)
        return make_rtsp_answer(asked, "401 Unauthorized", challenge)

    with serve_answers(reply) as camera:
        result = read_source(camera.url(scheme).replace("://", "://guard:hush-hush@"), deadlines=SHORT)
    assert type(result.error) is LoginRefused
    assert "does not support" in str(result.error)
    assert "check user and password" not in str(result.error)
    assert logins(camera.asked) == 0


def test_a_camera_without_a_login_set_is_reported_as_such() -> None:
    with serve_answers(ask_for_login(CHALLENGES[0])) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
    assert "set user and password" in str(result.error)
    assert logins(camera.asked) == 0


def test_a_nonce_that_grew_stale_is_renewed() -> None:
    nonces = iter(["first", "second", "third", "fourth", "fifth"])
    known = ""

    def reply(asked: ReceivedRequest) -> Answer:
        nonlocal known
        if asked.method == "OPTIONS":
            return make_rtsp_answer(asked)
        if not known or not right_login(asked, known) or (asked.method == "SETUP" and known == "first"):
            known = next(nonces)
            stale = ', stale="true"' if asked.method == "SETUP" else ""
            return make_rtsp_answer(asked, "401 Unauthorized", digest_challenge("", known, stale))
        return play_ten_pictures(asked)

    with serve_answers(reply) as camera:
        result = read_source(camera.url("rtsp").replace("://", "://guard:hush-hush@"), deadlines=SHORT)
    assert len(result.frames) >= 9


PICTURE = b"\xff\xd8\xff\xe0" + bytes(2000) + b"\xff\xd9"
PAGE = b"<!DOCTYPE html><html><title>IP Camera login</title></html>"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (make_http_answer(PICTURE, "image/jpeg"), "snapshot"),
        (make_http_answer(PICTURE, "application/octet-stream"), "snapshot"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURE, "snapshot"),
        (make_http_answer(b"\x89PNG\r\n\x1a\n" + bytes(900), "image/png"), "snapshot"),
        (make_http_answer(PAGE, "text/html"), "web page"),
        (make_http_answer(b"\xef\xbb\xbf\r\n" + PAGE, "video/mp4"), "web page"),
        (make_http_answer(b'{"error": "no such channel"}', "application/json"), "text"),
        (make_http_answer(b"not found", "text/plain"), "text"),
        (make_http_answer(b"", status="404 Not Found"), "check the path"),
        (make_http_answer(b"", status="405 Method Not Allowed"), "check the path"),
        (make_http_answer(b"", status="418 Teapot"), "418"),
        (make_http_answer(b"", status="500 Internal Server Error"), "restart it"),
        (make_http_answer(b"", status="502 Bad Gateway"), "restart it"),
        (make_http_answer(b"", status="503 Service Unavailable"), "sessions"),
        (make_http_answer(b"", status="599 Odd"), "restart it"),
        (make_http_answer(b"", status="999 Odd"), "999"),
        (make_http_answer(bytes(range(128, 256)) * 40), "no video stream"),
        (make_http_answer(b""), "check"),
        (b"RTSP/1.0 400 Bad Request\r\n\r\n", "speaks RTSP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "another service"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "speaks TLS"),
        (b"", "closed the connection"),
    ],
)
def test_what_is_wrong_with_an_http_address_is_said(answer: bytes, words: str) -> None:
    with serve_answers(lambda asked: answer) as camera:
        result = read_source(camera.url("http"), deadlines=SHORT)
        assert len(camera.asked) == 1
    check_sentence(result.error, words)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("400 Bad Request", "400"),
        ("403 Forbidden", "rights"),
        ("404 Not Found", "check the path"),
        ("405 Method Not Allowed", "check the path"),
        ("453 Not Enough Bandwidth", "sessions"),
        ("454 Session Not Found", "454"),
        ("461 Unsupported Transport", "transport to udp"),
        ("500 Internal Server Error", "restart it"),
        ("503 Service Unavailable", "sessions"),
        ("505 RTSP Version Not Supported", "firmware"),
        ("551 Option not supported", "firmware"),
        ("599 Odd", "restart it"),
        ("700 Odd", "700"),
        ("abc", "not understood"),
    ],
)
@pytest.mark.parametrize("on", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
def test_what_an_rtsp_camera_answers_is_said(status: str, words: str, on: str) -> None:
    with serve_answers(
        lambda asked: make_rtsp_answer(asked, status) if asked.method == on else play_ten_pictures(asked)
    ) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
        assert [asked.method for asked in camera.asked].count(on) == 1
    check_sentence(result.error, words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "speaks HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "speaks TLS"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "another service"),
        (b"220 ftp ready\r\n", "another service"),
        (b"", "closed the connection"),
    ],
)
def test_what_is_wrong_with_an_rtsp_port_is_said(answer: bytes, words: str) -> None:
    with serve_answers(lambda asked: answer) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
        assert camera.connections == 1
    check_sentence(result.error, words)


def test_a_stream_of_sound_alone_is_named() -> None:
    with serve_answers(lambda asked: play_ten_pictures(asked, AUDIO)) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
    check_sentence(result.error, "no video")


@pytest.mark.parametrize("name", ["FOO9", "H267", "vnd.vendor.secret"])
def test_a_payload_that_cannot_be_decoded_is_named(name: str) -> None:
    with serve_answers(lambda asked: play_ten_pictures(asked, VIDEO.replace("H264", name))) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
    assert type(result.error) is CodecUnsupported
    check_sentence(result.error, name)


@pytest.mark.parametrize(
    "media", [VIDEO.replace("96", "99"), VIDEO.replace("96", "98 97", 1), VIDEO.replace("96", "99") + AUDIO]
)
def test_video_under_a_payload_type_that_was_not_announced_is_named(media: str) -> None:
    with serve_answers(lambda asked: play_ten_pictures(asked, media)) as camera:
        result = read_source(camera.url("rtsp"), deadlines=SHORT)
    assert result.frames == []
    check_sentence(result.error, "payload type 96")


def test_for_a_camera_without_tcp_the_reason_names_udp() -> None:
    def reply(asked: ReceivedRequest) -> Answer:
        wants_tcp = "TCP" in asked.headers.get("transport", "")
        return make_rtsp_answer(asked, "461 Unsupported") if wants_tcp else play_ten_pictures(asked)

    with serve_answers(reply) as camera:
        check_sentence(read_source(camera.url("rtsp"), deadlines=SHORT).error, "transport to udp")
        assert type(read_source(camera.url("rtsp"), deadlines=SHORT, transport=RtspTransport.UDP).error) is not None


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=camera"]
    command = ["openssl", "req", *kind, "-keyout", str(key), "-out", str(chain)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def test_an_encrypted_camera_is_read(certificate: ssl.SSLContext) -> None:
    with serve_answers(play_ten_pictures, tls=certificate) as camera:
        assert len(read_source(camera.url("rtsps"), deadlines=SHORT).frames) >= 9


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_plain_question_at_an_encrypted_port_is_named(certificate: ssl.SSLContext, scheme: str) -> None:
    with serve_answers(play_ten_pictures, tls=certificate) as camera:
        result = read_source(camera.url(scheme), deadlines=SHORT)
    check_sentence(result.error, "TLS")


@pytest.mark.parametrize("scheme", ["rtsps", "https"])
@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"RTSP/1.0 400 Bad\r\n\r\n", None])
def test_an_encrypted_question_at_a_plain_port_is_named(scheme: str, answer: bytes | None) -> None:
    with serve_answers(lambda asked: answer) as camera:
        result = read_source(camera.url(scheme), deadlines=SHORT)
    check_sentence(result.error, "TLS")


def every_error() -> list[Exception]:
    """Return one of each error that PyAV has, and of each that Python's sockets and files raise."""
    kinds = {value for value in vars(av.error).values() if isinstance(value, type)}
    found: list[Exception] = [OSError(number, "raw words of the system") for number in range(1, 134)]
    found += [kind(5, "raw words of FFmpeg") for kind in kinds if issubclass(kind, av.error.FFmpegError)]
    return [*found, ValueError("raw"), MemoryError("raw"), UnicodeDecodeError("utf-8", b"x", 0, 1, "raw")]


@pytest.mark.parametrize("kind", list(SourceKind))
def test_no_error_reaches_the_operator_raw(kind: SourceKind) -> None:
    errors = list(every_error())
    assert len(errors) > 10
    for error in errors:
        told = str(error_for_ffmpeg(error, kind))
        assert "raw" not in told
        assert type(error).__name__ not in told
        assert "Error" not in told
        assert len(told.split()) >= 4


def check_sentence(error: SourceUnavailable | None, words: str) -> None:
    """Check that the reason holds these words, is a sentence with a next step, and no name of a class."""
    told = str(error)
    assert words in told
    assert ":" in told or "?" in told or isinstance(error, NoVideo)
    assert not re.search(r"Error\b(?! of its own)|Errno|errno|av\.|Traceback|Invalid data|Input/output", told)
    assert len(told.split()) >= 6


def test_a_file_that_is_none_is_said_with_its_next_step(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    check_sentence(read_source(str(tmp_path / "absent.mp4")).error, "check its name and where it is")
    check_sentence(read_source(str(tmp_path / "folder.mp4")).error, "folder")
