"""The head of an RTSP or HTTP message: first line and headers. The two protocols write it alike. Pure."""

from dataclasses import dataclass

from domain.errors import OverLimit, SourceUnavailable
from ingest.limits import HEAD_BYTES

MAX_HEADERS = 200
_ENDS = (b"\n\r\n", b"\n\n")


@dataclass(frozen=True, slots=True)
class MessageHead:
    """`start` is the first line; header names are in lower case, in the order sent."""

    start: str
    headers: tuple[tuple[str, str], ...]

    @property
    def protocol(self) -> str:
        """`RTSP` or `HTTP` of an answer, in upper case."""
        return self.start.partition("/")[0].partition(" ")[0].upper()

    @property
    def status(self) -> int:
        """The answer's number, 0 where it has none."""
        number = [*self.start.split(maxsplit=2), "", ""][1]
        return int(number) if number.isascii() and number.isdigit() and len(number) == 3 else 0

    def get(self, name: str) -> str:
        """Return a header's first value, "" where it is not there."""
        return next((value for key, value in self.headers if key == name), "")

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def content_length(self, most: int) -> int | None:
        """Return the body's length, None where it is not said. Raises `OverLimit` above `most` or for nonsense."""
        text = self.get("content-length").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) > most:
            raise OverLimit(
                "the camera announces an answer larger than any camera's, so reading was stopped: "
                "restart the camera and check its stream address"
            )
        return int(text)


def find_head_end(data: bytes | bytearray) -> int:
    """Return where the head ends and the body begins, -1 while it is incomplete. Raises `OverLimit` past the limit."""
    ends = [at + len(mark) for mark in _ENDS if (at := data.find(mark, 0, HEAD_BYTES)) >= 0]
    if ends:
        return min(ends)
    if len(data) >= HEAD_BYTES:
        raise OverLimit(
            "the camera's answer has no end to its headers, so reading was stopped: "
            "restart the camera and check its stream address"
        )
    return -1


def parse_head(data: bytes | bytearray) -> MessageHead:
    """Return the head in `data`, which ends with it. Raises `SourceUnavailable` for more headers than anybody sends."""
    lines = bytes(data).decode("latin-1").replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_HEADERS:
        raise SourceUnavailable("the camera's answer has too many headers: restart the camera, check its address")
    pairs = (line.partition(":") for line in lines[1:] if ":" in line and not line.startswith((" ", "\t")))
    return MessageHead(lines[0].strip(), tuple((name.strip().lower(), value.strip()) for name, _, value in pairs))
