"""All settings of Sightline, checked before anything starts. Everything has a default; an unknown key is an error."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from domain.cameras import Camera, FaultSetting, Mask, RtspTransport, SamplingMode, SamplingPlan
from domain.errors import ConfigError
from domain.faults import Fault
from domain.masks import check_masks
from domain.text.addresses import parse_address
from domain.text.camera_urls import clean_camera_url, find_secrets
from domain.text.names import MAX_TAGS, clean_tags
from sightline.config.alert_settings import AlertSettings
from sightline.config.report_settings import ReportsSettings
from sightline.config.section import Section
from sightline.config.sections import (
    ApiSettings,
    GateSettings,
    HealthSettings,
    IngestSettings,
    LiveSettings,
    ModelSettings,
    Positive,
    PostgresSettings,
    QueueSettings,
)
from sightline.config.value_types import CameraName, DatabaseAddress, Label, WebAddress, WebAddressOrNone

Days = Annotated[int, Field(ge=1, le=36_500)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class PlanSettings(Section):
    """Which frames of a stream are scored; seconds throughout."""

    mode: SamplingMode = SamplingMode.AUTO
    """`auto` reads key frames where they come often enough; `patrol` connects, judges and leaves."""
    interval_s: Positive = 1.0
    """Seconds between two judged frames."""
    judge_s: Positive = 10.0
    """With `patrol`: seconds of one visit."""
    every_s: Positive = 300.0
    """With `patrol`: seconds from one visit to the next."""

    def plan(self) -> SamplingPlan:
        return SamplingPlan(self.mode, self.interval_s, self.judge_s, self.every_s)


class MaskSettings(Section):
    """A part of the picture that is not evaluated, as fractions of width and height: a rectangle or a polygon."""

    left: Fraction = 0.0
    """Left edge, as a fraction of the width."""
    top: Fraction = 0.0
    """Upper edge, as a fraction of the height."""
    width: Fraction = 0.0
    """Width, as a fraction of the picture's."""
    height: Fraction = 0.0
    """Height, as a fraction of the picture's."""
    points: tuple[tuple[Fraction, Fraction], ...] = Field(default=(), max_length=32)
    """Corners (x, y) of a polygon, in place of the rectangle."""

    @model_validator(mode="after")
    def _is_whole(self) -> "MaskSettings":
        rectangle = {"left", "top", "width", "height"} <= self.model_fields_set
        if not (len(self.points) >= 3 or (rectangle and not self.points)):
            raise ValueError("a mask needs left, top, width and height, or three corners or more in `points`")
        return self

    def mask(self) -> Mask:
        """Return the domain's mask."""
        return Mask.polygon(self.points) if self.points else Mask(self.left, self.top, self.width, self.height)


class FaultSettings(Section):
    """One fault of one camera: off, or its sensitivity."""

    enabled: bool = True
    """Whether the fault is judged."""
    sensitivity: int = Field(default=5, ge=1, le=10)
    """1 is dull, 5 neutral, 10 keen."""


def _expand_shorthand(value: object) -> object:
    """Read `blur: off` as `blur: {enabled: false}`."""
    return {"enabled": value} if isinstance(value, bool) else value


def _expand_auto(value: object) -> object:
    """Read `models: auto` as no choice about any model."""
    return {} if value == "auto" else value


def _leave_a_part_free(masks: tuple[MaskSettings, ...]) -> tuple[MaskSettings, ...]:
    try:
        check_masks([mask.mask() for mask in masks])
    except ConfigError as error:
        raise ValueError(str(error)) from None
    return masks


class CameraSettings(Section):
    """One camera. `user` and `password` may be given apart from the URL, so that a secret file can hold them."""

    name: CameraName
    """The camera's name, which no other has."""
    url: str = Field(min_length=1, repr=False)
    """`rtsp`, `rtsps`, `http` or `https` address, or `file:///…`."""
    user: str = Field(default="", repr=False)
    """User of the camera's login, where the address holds none."""
    password: str = Field(default="", repr=False)
    """Password of the camera's login, where the address holds none."""
    site: Label = ""
    """Where the camera is; the page groups by it."""
    group: Label = ""
    """What cameras lose together, such as a switch."""
    tags: tuple[Label, ...] = Field(default=(), max_length=MAX_TAGS)
    """Words by which people find it on the page and routes choose."""
    enabled: bool = True
    """Whether the camera is watched."""
    transport: RtspTransport = RtspTransport.TCP
    """How RTSP carries the video."""
    plan: PlanSettings | None = None
    """Which of its frames are judged; else the plan at the top of the file."""
    ptz: bool = False
    """The camera pans: covered and moved are judged in its presets only, shaking not at all."""
    lit_at_night: bool = False
    """The scene is lit all night: a dark picture is a fault."""
    analogue: bool = False
    """Behind an analogue encoder: snow and stripes are judged."""
    masks: Annotated[tuple[MaskSettings, ...], AfterValidator(_leave_a_part_free)] = ()
    """Parts of the picture that are left out; together they leave something to judge."""
    faults: dict[Fault, Annotated[FaultSettings, BeforeValidator(_expand_shorthand)]] = Field(default_factory=dict)
    """Faults by key: `blur: off`, or `{enabled, sensitivity}`."""
    device: Label = ""
    """What the camera keeps when its address changes, as `cameras discover` reads it."""

    def camera(self, default_plan: PlanSettings, *, where: str) -> Camera:
        """Return the domain's camera; raises `ConfigError` naming `where` for an address that is not allowed."""
        return Camera(
            name=self.name,
            url=clean_camera_url(self._address(where), where=f"{where}.url"),
            site=self.site,
            group=self.group,
            tags=clean_tags(self.tags, where=f"{where}.tags"),
            enabled=self.enabled,
            transport=self.transport,
            plan=(self.plan or default_plan).plan(),
            ptz=self.ptz,
            lit_at_night=self.lit_at_night,
            analogue=self.analogue,
            masks=tuple(each.mask() for each in self.masks),
            faults={fault: FaultSetting(s.enabled, s.sensitivity) for fault, s in self.faults.items()},
            device=self.device,
        )

    def _address(self, where: str) -> str:
        address = parse_address(self.url)
        if not (self.user or self.password):
            return self.url
        if address is None:
            raise ConfigError(f"{where}.user: only used with an address such as rtsp://host/path; leave it out")
        if address.login is not None:
            raise ConfigError(f"{where}.user: the url holds a login too; keep one of them")
        if not self.user:
            raise ConfigError(f"{where}.user: needed with a password")
        secret = f":{quote(self.password, safe='')}" if self.password else ""
        return f"{address.scheme}://{quote(self.user, safe='')}{secret}@{address.host}{address.rest}"


class BatchSettings(Section):
    """How much is scored at once: bounds memory and, on a GPU, sets its load."""

    max_frames: int = Field(default=16, ge=1)
    """The most frames that are scored at once."""
    max_pixels: int | None = Field(default=None, ge=1)
    """By default one frame of 1080p on a CPU, because a larger batch leaves its cache, and sixteen on a GPU."""


class RetentionSettings(Section):
    """Days that rows are kept, by kind; each rollup must outlive the finer one it is made from."""

    raw_days: Days = 7
    """Scores of single frames."""
    minutes_days: Days = 30
    """Rollups by the minute."""
    hours_days: Days = 400
    """Rollups by the hour."""
    days_days: Days = 3650
    """Rollups by the day."""
    dead_letters_days: Days = 7
    """Messages that were put aside."""
    sessions_days: Days = 90
    """Connections to cameras."""
    delivered_days: Days = 30
    """Messages that were delivered."""
    history_days: Days = 400
    """Resolved incidents and steps of alerts."""


class WebhookSettings(Section):
    """A receiver of alerts; with a secret, each body is signed (HMAC-SHA256)."""

    name: Label = Field(default="webhook", min_length=1)
    """The receiver's name, in messages and logs."""
    url: WebAddress = Field(min_length=1, repr=False)
    """Where messages are posted."""
    secret: str = Field(default="", repr=False)
    """Signs each message; unsigned where it is not given."""
    timeout_s: Positive = 10.0
    """Seconds to wait for the receiver."""


class NotifierSettings(Section):
    """Who is notified of alerts."""

    log: bool = True
    """Whether messages go to Sightline's log."""
    webhooks: tuple[WebhookSettings, ...] = ()
    """Receivers of messages over HTTP."""


class HeartbeatSettings(Section):
    """A URL called while all is well, so that its receiver notices when Sightline itself is dead."""

    url: WebAddressOrNone = Field(default="", repr=False)
    """The address to call; none where it is not given."""
    every_s: Positive = 60.0
    """Seconds between two calls."""


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe messages that are written."""
    format: Literal["text", "json"] = "text"
    """Lines of text, or one JSON object a line."""


class EvaluationSettings(Section):
    """Delays of the evaluation. docs/metrics.md lists the times of each fault; `raise_s` replaces them all."""

    raise_s: Positive | None = None
    """Seconds that any fault must last before its alert fires, in place of each fault's own time."""
    learn_s: Positive | None = None
    """Seconds in which a baseline is learned."""
    settle_s: Positive | None = None
    """Seconds after a change between day and night in which nothing is compared with the usual."""


class Settings(Section):
    """Everything. The defaults run embedded: one process, SQLite beside it, the page on this machine only."""

    database: DatabaseAddress = Field(default="sqlite:///sightline.db", min_length=1, repr=False)
    """`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """What computes scores; `cuda` is refused where there is no GPU."""
    threads: int | None = Field(default=None, ge=1)
    """Cores that compute scores; by default half of them, because reading cameras needs the others."""
    pictures: Literal["memory", "never"] = "memory"
    """Where the picture of now is kept; `never` turns it off."""
    detectors: tuple[str, ...] | None = None
    """The only detectors and models that judge; else all fault detectors and the models that are on."""
    models: Annotated[
        dict[str, Annotated[ModelSettings, BeforeValidator(_expand_shorthand)]], BeforeValidator(_expand_auto)
    ] = Field(default_factory=dict)
    """Learned models by name; `auto`, the default, leaves the choice to the machine."""
    downloads: str = Field(default="~/.cache/sightline/weights", min_length=1)
    """Where `sightline models pull` puts weights, and where they are looked for after those bundled."""
    gate: GateSettings | None = None
    """Keeps poor pictures from the detectors of faces and objects."""
    cameras: tuple[CameraSettings, ...] = ()
    """The cameras of this file; others are added on the command line."""
    plan: PlanSettings = PlanSettings()
    """Which frames are judged, where a camera has no plan of its own."""
    api: ApiSettings = ApiSettings()
    """The page and the API."""
    batch: BatchSettings = BatchSettings()
    """How much is scored at once."""
    postgres: PostgresSettings = PostgresSettings()
    """TLS to the database."""
    queue: QueueSettings = QueueSettings()
    """What carries frames from ingest to scoring."""
    live: LiveSettings = LiveSettings()
    """What holds the present state."""
    ingest: IngestSettings = IngestSettings()
    """What one camera may ask of this machine."""
    health: HealthSettings = HealthSettings()
    """Health of a process without the page."""
    retention: RetentionSettings = RetentionSettings()
    """How long rows are kept."""
    notifiers: NotifierSettings = NotifierSettings()
    """Who gets messages."""
    alerts: AlertSettings = AlertSettings()
    """Receivers by name, which messages go to whom, and shadow mode."""
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    """A call while all is healthy."""
    evaluation: EvaluationSettings = EvaluationSettings()
    """How patient the judgement is."""
    reports: ReportsSettings = ReportsSettings()
    """Zones of sites, scheduled reports, and the key of their seal."""
    log: LogSettings = LogSettings()
    """Sightline's own log."""

    def domain_cameras(self) -> tuple[Camera, ...]:
        """Return the cameras of the file. Raises `ConfigError` for an address or a name that cannot be used."""
        problems = list(find_camera_conflicts(self, range(len(self.cameras))))
        if problems:
            raise ConfigError("\n".join(problems))
        return tuple(c.camera(self.plan, where=f"cameras[{i}]") for i, c in enumerate(self.cameras))

    def secrets(self) -> tuple[str, ...]:
        """Return every secret of these settings, in every form, for the redactor of logs and errors."""
        hidden = [self.api.token, self.queue.password, self.live.password, self.reports.signing_key]
        hidden += [hook.secret for hook in self.notifiers.webhooks]
        hidden += [self.api.sign_in.oidc.secret] if self.api.sign_in.oidc is not None else []
        hidden += self.alerts.secrets()
        for password in [camera.password for camera in self.cameras] + hidden[1:3]:
            hidden += [quote(password, safe=""), quote(password)]
            hidden.append(password)
        addresses = [self.database, self.live.url, self.heartbeat.url]
        addresses += [hook.url for hook in self.notifiers.webhooks] + [camera.url for camera in self.cameras]
        hidden += [secret for address in addresses for secret in find_secrets(address)]
        return tuple(dict.fromkeys(text for text in hidden if text))


def find_camera_conflicts(settings: Settings, places: Iterable[int]) -> Iterator[str]:
    """Yield a line for each camera whose address or name cannot be used; `places` are theirs in the file."""
    first_place: dict[str, int] = {}
    for place, camera in zip(places, settings.cameras, strict=True):
        try:
            name = camera.camera(settings.plan, where=f"cameras[{place}]").name
        except ConfigError as error:
            yield str(error)
            name = camera.name
        if name in first_place:
            yield f"cameras[{place}].name: '{name}' is taken by cameras[{first_place[name]}]"
        first_place.setdefault(name, place)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a settings file, for editors."""
    return Settings.model_json_schema()
