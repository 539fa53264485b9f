"""Doors for what a camera answers over RTSP and HTTP, playlists among it."""

import base64
import io
import struct

import av

from lab.bench.fuzz.media_targets import encode_film, read_all
from lab.bench.fuzz.scripted_server import SEPARATOR, ScriptedServer
from lab.bench.fuzz.target import EntryPoint

_BOUNDARY = b"picture"


def _rtsp_answer(sequence: int, *headers: str, body: str = "", status: str = "200 OK") -> bytes:
    lines = [f"RTSP/1.0 {status}", f"CSeq: {sequence}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _rtp_stream() -> bytes:
    """Return a film's packets as interleaved RTP, one NAL unit each, as PLAY is followed by."""
    stream = b""
    sequence = 0
    with av.open(io.BytesIO(encode_film("h264", "libx264")), "r") as container:
        for number, packet in enumerate(container.demux(video=0)):
            for unit in bytes(packet).replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")[1:]:
                payload = unit[:1400]
                header = struct.pack("!BBHII", 0x80, 0x80 | 96, sequence, number * 9000, 0x1234)
                stream += b"$\x00" + struct.pack("!H", len(header) + len(payload)) + header + payload
                sequence += 1
    return stream


def _rtsp_scripts() -> list[bytes]:
    sdp = "\r\n".join(
        (
            "v=0",
            "o=- 0 0 IN IP4 127.0.0.1",
            "s=camera",
            "t=0 0",
            "m=video 0 RTP/AVP 96",
            "a=rtpmap:96 H264/90000",
            "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=" + base64.b64encode(b"\x67\x42\x00\x0a").decode(),
            "a=control:track1",
            "m=audio 0 RTP/AVP 8",
            "a=rtpmap:8 PCMA/8000",
            "a=control:track2",
            "",
        )
    )
    options = _rtsp_answer(1, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
    describe = _rtsp_answer(2, "Content-Type: application/sdp", "Content-Base: rtsp://127.0.0.1/live/", body=sdp)
    wire = "Transport: RTP/AVP/TCP;unicast;interleaved="
    setups = [_rtsp_answer(3 + n, f"{wire}{2 * n}-{2 * n + 1}", "Session: 1234;timeout=60") for n in range(2)]
    play = _rtsp_answer(5, "Session: 1234", "RTP-Info: url=track1;seq=0;rtptime=0") + _rtp_stream()
    refused = _rtsp_answer(2, 'WWW-Authenticate: Digest realm="camera", nonce="ab12", algorithm=MD5', status="401 No")
    moved = _rtsp_answer(2, "Location: rtsp://127.0.0.1:1/elsewhere", status="302 Moved")
    return [
        SEPARATOR.join((options, describe, *setups, play)),
        SEPARATOR.join((options, refused, describe, *setups, play)),
        SEPARATOR.join((options, moved)),
    ]


def _http_answer(kind: str, body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _http_scripts() -> list[bytes]:
    pictures = encode_film("mjpeg", "mjpeg")
    parts = b"".join(
        b"--" + _BOUNDARY + b"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8" + part + b"\r\n"
        for part in pictures.split(b"\xff\xd8")[1:]
    )
    return [
        _http_answer(f"multipart/x-mixed-replace;boundary={_BOUNDARY.decode()}", parts),
        _http_answer("video/mp2t", encode_film("mpegts", "libx264")),
        _http_answer("image/jpeg", b"\xff\xd8" + pictures.split(b"\xff\xd8")[1]),
        _http_answer("text/html", b"<html><body>camera</body></html>"),
        _http_answer("text/plain", b"", "401 Unauthorized", 'WWW-Authenticate: Digest realm="c", nonce="1"'),
        _http_answer("text/plain", b"", "302 Found", "Location: http://127.0.0.1:1/"),
    ]


def _playlist_scripts() -> list[bytes]:
    segment = _http_answer("video/mp2t", encode_film("mpegts", "libx264"))
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nseg0.ts\n#EXTINF:1.0,\nseg1.ts\n#EXT-X-ENDLIST\n"
    master = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nlow.m3u8\n"
    kind = "application/vnd.apple.mpegurl"
    return [
        SEPARATOR.join((_http_answer(kind, playlist), segment)),
        SEPARATOR.join((_http_answer(kind, master), _http_answer(kind, playlist), segment)),
    ]


def _open_server(address: str, scripts: list[bytes]) -> EntryPoint:
    server = ScriptedServer()

    def feed(data: bytes) -> None:
        server.play(data)
        read_all(address.format(port=server.port))

    return EntryPoint(scripts, feed, close=server.close)


def open_rtsp() -> EntryPoint:
    """An RTSP camera's answers and its interleaved packets."""
    return _open_server("rtsp://admin:secret@127.0.0.1:{port}/live", _rtsp_scripts())


def open_http() -> EntryPoint:
    """An HTTP camera's answers: MJPEG, a transport stream, a picture, a page, refusals."""
    return _open_server("http://admin:secret@127.0.0.1:{port}/video.cgi", _http_scripts())


def open_hls() -> EntryPoint:
    """Playlists and what they name."""
    return _open_server("http://admin:secret@127.0.0.1:{port}/live.m3u8", _playlist_scripts())
