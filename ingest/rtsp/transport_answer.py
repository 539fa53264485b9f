"""The answer to SETUP as FFmpeg may have it: how the camera sends, and where FFmpeg sends its reports. Pure."""

from ingest.connect.message_head import parse_head
from ingest.connect.stream_errors import error_for_status
from ingest.rtsp.messages import RtspMessage, rewrite_head

UNSUPPORTED_TRANSPORT = 461
_DROPPED = frozenset({"transport"})


def edit_transport(asked: bytes, answer: RtspMessage, *, udp: bool, peer: str) -> tuple[bytes, str]:
    """Return the answer to the SETUP request `asked`, and its transport.

    A camera that does not repeat the transport means the one that was asked for. Over UDP FFmpeg's reports go to
    `peer`, the camera, and nowhere else, whatever the answer names. Raises `SourceUnavailable` where the camera sends
    another way than asked.
    """
    transport = answer.head.get("transport") or parse_head(asked).get("transport")
    first = transport.partition(",")[0].split(";")
    names = {part.partition("=")[0].strip().lower() for part in first}
    if _sends_another_way(names, udp=udp):
        raise error_for_status(UNSUPPORTED_TRANSPORT)
    if udp:
        parts = [part for part in first if part.partition("=")[0].strip().lower() not in ("destination", "source")]
        transport = ";".join([*parts, f"source={peer}"])
    return rewrite_head(answer.raw, drop=_DROPPED, add={"Transport": transport}), transport


def _sends_another_way(names: set[str], *, udp: bool) -> bool:
    inside = "interleaved" in names
    return inside if udp else not inside and bool(names & {"client_port", "server_port", "port", "multicast"})
