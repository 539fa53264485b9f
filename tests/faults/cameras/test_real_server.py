"""Against a real RTSP server and a real web server: every transport, every form of a password, and cuts."""

import base64
import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import av
import pytest

from domain.cameras import RtspTransport, SamplingPlan
from domain.errors import LoginRefused, SourceUnavailable
from domain.frames import Frame
from ingest.limits import ReadingLimits
from simulation.cameras.served_cameras import ServedCamera
from tests.cameras.films import write_test_film
from tests.cameras.source_reading import ALL, SHORT, SourceReading, read_source
from tests.conftest import Serve

USER, PASSWORD = "guard", "p@ss:w#rd/1"


def hashes(frames: list[Frame]) -> list[str]:
    """Return one hash a picture over all its planes."""
    return [hashlib.sha256(b"".join(plane.tobytes() for plane in frame.planes)).hexdigest() for frame in frames]


def every_form(address: str, user: str, password: str) -> list[str]:
    """Return the forms in which people write a login into an address."""
    scheme, _, rest = address.partition("://")
    encoded = f"{quote(user, safe='')}:{quote(password, safe='')}"
    half = f"{user}:{password.replace('@', '%40')}"
    return [f"{scheme}://{login}@{rest}" for login in (encoded, f"{user}:{password}", half)]


@pytest.mark.rtsp
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_what_arrives_is_what_was_filmed(serve: Serve, tmp_path: Path, codec: str) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {"bf": "2"}
    path = write_test_film(tmp_path / "film.mp4", frames=50, codec=codec, options=options)
    server = serve(ServedCamera("gate", (path,), loop=False, speed=4))
    streamed = read_source(server.url("gate"))
    assert hashes(streamed.frames) == hashes(read_source(str(path)).frames)
    assert isinstance(streamed.error, SourceUnavailable)


@pytest.mark.rtsp
@pytest.mark.parametrize("transport", list(RtspTransport))
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("digest", [False, True])
def test_every_way_in_works_with_every_form_of_a_password(
    serve: Serve, tmp_path: Path, transport: RtspTransport, tls: bool, digest: bool
) -> None:
    if tls and transport is RtspTransport.UDP:
        transport = RtspTransport.TCP
    path = write_test_film(tmp_path / "film.mp4", frames=10)
    server = serve(ServedCamera("gate", (path,), user=USER, password=PASSWORD, speed=4), tls=tls, digest=digest)
    address = f"rtsp{'s' if tls else ''}://127.0.0.1:{server.port}/gate"
    for url in every_form(address, USER, PASSWORD):
        result = read_source(url, transport=transport, most=3)
        assert len(result.frames) == 3, result.error


@pytest.mark.rtsp
def test_a_wrong_password_is_refused_and_never_reported(serve: Serve, tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.mp4", frames=10)
    server = serve(ServedCamera("gate", (path,), user=USER, password=PASSWORD))
    for url in (f"rtsp://{USER}:{PASSWORD}x@127.0.0.1:{server.port}/gate", f"rtsp://127.0.0.1:{server.port}/gate"):
        result = read_source(url)
        assert type(result.error) is LoginRefused
        assert PASSWORD not in str(result.error)


@pytest.mark.rtsp
def test_udp_only_and_tcp_only_are_not_mixed_up(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("gate", (write_test_film(tmp_path / "film.mp4"),), udp_only=True))
    assert len(read_source(server.url("gate"), transport=RtspTransport.UDP, most=3).frames) == 3
    assert type(read_source(server.url("gate"), transport=RtspTransport.TCP).error) is SourceUnavailable


@pytest.mark.rtsp
def test_a_path_that_does_not_exist_says_check_the_path(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("gate", (write_test_film(tmp_path / "film.mp4"),)))
    assert "check the path" in str(read_source(f"rtsp://127.0.0.1:{server.port}/other").error)


@pytest.mark.rtsp
def test_a_recorder_out_of_sessions_says_so(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("gate", (write_test_film(tmp_path / "film.mp4"),), session_limit=1))
    with av.open(server.url("gate"), options={"rtsp_transport": "tcp"}):
        assert "number of sessions" in str(read_source(server.url("gate")).error)
    assert server.sessions("gate").refused == 1


@pytest.mark.rtsp
def test_a_pulled_camera_ends_its_session(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("gate", (write_test_film(tmp_path / "film.mp4"),)))
    result = read_source(server.url("gate"), deadlines=SHORT, during=lambda n: server.pull("gate") if n == 5 else None)
    assert type(result.error) is SourceUnavailable
    assert server.sessions("gate").now == 0


@pytest.mark.rtsp
def test_the_first_frames_without_a_timestamp_are_kept(serve: Serve, tmp_path: Path) -> None:
    server = serve(ServedCamera("gate", (write_test_film(tmp_path / "film.mp4"),), speed=4))
    frames = read_source(server.url("gate"), most=5).frames
    assert frames[0].ref.pts_s is None
    assert [frame.ref.sequence for frame in frames] == [0, 1, 2, 3, 4]


@pytest.mark.rtsp
@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("clip", ["car-park", "one-by-one-person", "pets09-s2l1", "street-faces-1080p"])
def test_real_clips_arrive_bit_for_bit_and_are_sampled_alike(serve: Serve, data_folder: Path, clip: str) -> None:
    path = data_folder / "clips" / f"{clip}.mp4"
    server = serve(ServedCamera("clip", (path,), loop=False, speed=20))
    assert hashes(read_source(server.url("clip")).frames) == hashes(read_source(str(path)).frames)


class FolderHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder to whoever knows the password, silently."""

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="recorder"')
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A web server of `tmp_path`; gives its address."""
    handler = functools.partial(FolderHandler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_mpeg_ts_over_http_with_every_form_of_a_password(web: str, tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.ts", frames=20)
    expected = hashes(read_source(str(path)).frames)
    assert len(expected) == 20
    for url in every_form(f"{web}/film.ts", USER, PASSWORD):
        assert hashes(read_source(url).frames) == expected


def test_hls_with_a_password(web: str, tmp_path: Path) -> None:
    path = write_test_film(tmp_path / "film.mp4", frames=40)
    with av.open(str(path)) as whole, av.open(str(tmp_path / "live.m3u8"), "w", format="hls") as playlist:
        video = playlist.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                playlist.mux(packet)
    result = read_source(every_form(f"{web}/live.m3u8", USER, PASSWORD)[0], limits=ReadingLimits(hls=True))
    assert len(result.frames) == 40


def test_a_wrong_password_over_http_is_refused(web: str, tmp_path: Path) -> None:
    write_test_film(tmp_path / "film.ts", frames=2)
    result: SourceReading = read_source(f"{web}/film.ts".replace("//", f"//{USER}:wrong@"), plan=SamplingPlan())
    assert type(result.error) is LoginRefused


def test_a_playlist_cannot_read_local_files(web: str, tmp_path: Path) -> None:
    secret = write_test_film(tmp_path / "secret.ts", frames=5)
    (tmp_path / "list.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    )
    result = read_source(every_form(f"{web}/list.m3u8", USER, PASSWORD)[0], plan=ALL, deadlines=SHORT)
    assert result.frames == []
    assert isinstance(result.error, SourceUnavailable)
