"""Cameras, the plan by which their streams are sampled, and the status of a connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.faults import Fault
from domain.text.redaction import clean_reason


class SamplingMode(StrEnum):
    """How frames are chosen from a stream."""

    AUTO = "auto"
    """One frame every `interval_s`: key frames while they come at least every 2 s, else decode all and keep one.

    For seconds after a sudden loss of structure, five a second.
    """
    KEY_FRAMES = "key_frames"
    INTERVAL = "interval"
    ALL = "all"
    PATROL = "patrol"
    """Connect, sample for `judge_s` like AUTO, disconnect, and come back every `every_s`."""


class RtspTransport(StrEnum):
    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """Which frames are offered for scoring. Seconds throughout."""

    mode: SamplingMode = SamplingMode.AUTO
    interval_s: float = 1.0
    judge_s: float = 10.0
    every_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Mask:
    """A part of the picture that is not evaluated; fractions of width and height in [0, 1], origin at the top left.

    It is the rectangle, or with `points` the polygon of these corners (x, y), whose rectangle this then is.
    """

    left: float
    top: float
    width: float
    height: float
    points: tuple[tuple[float, float], ...] = ()

    @classmethod
    def polygon(cls, points: Sequence[tuple[float, float]]) -> "Mask":
        """Return the polygon of at least three corners."""
        across, down = [x for x, _ in points], [y for _, y in points]
        left, top = min(across), min(down)
        return cls(left, top, max(across) - left, max(down) - top, tuple((x, y) for x, y in points))


@dataclass(frozen=True, slots=True)
class FaultSetting:
    """What the operator decided for one fault of one camera. `sensitivity` from 1 (low) to 10 (high), 5 is neutral."""

    enabled: bool = True
    sensitivity: int = 5


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera and its one stream that is watched."""

    name: str
    """Also the stream id."""
    url: str = field(repr=False)
    """May carry a login: it is shown through `domain.text.camera_urls.redact_text` only."""
    site: str = ""
    group: str = ""
    """What fails together, such as a switch or a recorder."""
    tags: tuple[str, ...] = ()
    """Words by which people find it and routes choose; nothing is judged by them."""
    enabled: bool = True
    """False: the camera is neither read nor judged."""
    transport: RtspTransport = RtspTransport.TCP
    plan: SamplingPlan = SamplingPlan()
    """Which of its frames are scored."""
    ptz: bool = False
    """It pans: covered and moved are judged in its presets only, shaking not at all."""
    lit_at_night: bool = False
    """The scene is lit all night: a dark picture is a fault."""
    analogue: bool = False
    """Behind an analogue encoder: snow and stripes are judged."""
    masks: tuple[Mask, ...] = ()
    """Parts of the picture that no metric or model sees."""
    faults: Mapping[Fault, FaultSetting] = field(default_factory=dict)
    """What the operator changed for each fault; one not named has the defaults."""
    device: str = ""
    """What the camera keeps when its address changes: its ONVIF endpoint reference or serial number; "" unknown."""
    accepted_at: datetime | None = None
    """When the present view was last declared normal; a baseline learned before counts no more."""
    accepted_by: str = ""
    """Who declared it."""


@dataclass(frozen=True, slots=True)
class CameraTestResult:
    """What came of opening a camera once. Sizes and rates are those of the stream; 0, None or "" where not known."""

    works: bool
    """A picture was decoded."""
    reason: str
    """What happened, in words."""
    seconds: float
    """Until the first picture, or until it was given up."""
    width: int = 0
    """Pixels."""
    height: int = 0
    codec: str = ""
    """FFmpeg's name, such as `h264`."""
    fps: float | None = None
    """Frames a second."""
    bitrate_bps: float | None = None
    picture: bytes = field(default=b"", repr=False)
    """JPEG; empty without one."""


class ConnectionState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    """Connected, but no picture for longer than the stall time."""
    LOST = "lost"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    RESTING = "resting"
    """Between two patrol visits, or at the end of a recording: nothing is wrong, nothing is sampled."""


@dataclass(frozen=True, slots=True)
class StreamCounters:
    """What ingest counted. Totals run over the camera's life in this process, across sessions.

    Every frame offered is either published or counted in `frames_dropped`.
    """

    packets: int = 0
    """Of the video stream."""
    frames_decoded: int = 0
    frames_offered: int = 0
    """Frames chosen by the plan. Within a session they are numbered without gaps (`FrameRef.sequence`)."""
    frames_dropped: int = 0
    """Of these, the ones that were not published."""
    corrupt_frames: int = 0
    """Frames in which the decoder found damage."""
    decode_errors: int = 0
    """Packets the decoder refused."""
    reconnects: int = 0
    """Sessions after the first."""
    resolution_changes: int = 0
    codec_changes: int = 0
    fps: float | None = None
    """Frames a second the camera delivers (packets of the video stream over the last seconds), before sampling."""
    bitrate_bps: float | None = None
    """Bits a second of the video stream, lately."""
    qp: float | None = None
    """Mean luma quantiser of the frames decoded lately, in the codec's own units (H.264: 0 … 51)."""
    gop_s: float | None = None
    """Seconds between key frames, lately."""
    width: int = 0
    """Pixels; 0 before the first picture."""
    height: int = 0
    codec: str = ""
    """FFmpeg's name, such as `h264`."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """The state of one connection, sent every 2 s and on change, in order with the frames, never dropped."""

    stream_id: str
    session_id: str
    """The connection; a new one has a new id."""
    sequence: int
    """That of the last frame offered in this session; -1 before the first."""
    received_at: datetime
    """When it was sent."""
    state: ConnectionState
    reason: str = ""
    """Why, in words a guard understands, without credentials; "" while live."""
    last_frame_at: datetime | None = None
    """When the last frame was offered; None before the first."""
    counters: StreamCounters = StreamCounters()
    plan: SamplingPlan = SamplingPlan()
    """By which frames are chosen at present."""
    last_picture_at: datetime | None = None
    """When the last picture was decoded, offered or not; None before the first and in older messages."""
    token: int = field(default=0, compare=False)
    """The lease under which ingest reads the camera, 0 where none is taken."""

    def __post_init__(self) -> None:
        # A reason may quote a camera, or come in a forged message.
        object.__setattr__(self, "reason", clean_reason(self.reason))
