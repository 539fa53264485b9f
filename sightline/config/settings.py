"""All settings of Sightline, checked before anything starts. Everything has a default; an unknown key is an error."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BeforeValidator, Field, ValidationError

from domain.cameras import Camera, FaultSetting, Mask, RtspTransport, SamplingMode, SamplingPlan
from domain.errors import ConfigError
from domain.faults import Fault
from domain.text.addresses import parse_address
from domain.text.camera_urls import clean_camera_url, find_secrets
from sightline.config.error_messages import describe_errors
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
    Section,
)
from sightline.config.settings_conflicts import Location, find_camera_conflicts, find_conflicts, omit_wrong_values
from sightline.config.settings_file import fill_settings_file
from sightline.config.value_types import CameraName, DatabaseAddress, Label, WebAddress, WebAddressOrNone

Days = Annotated[int, Field(ge=1, le=36_500)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class PlanSettings(Section):
    """Which frames of a stream are judged; seconds throughout."""

    mode: SamplingMode = SamplingMode.AUTO
    interval_s: Positive = 1.0
    judge_s: Positive = 10.0
    every_s: Positive = 300.0

    def plan(self) -> SamplingPlan:
        return SamplingPlan(self.mode, self.interval_s, self.judge_s, self.every_s)


class MaskSettings(Section):
    """A rectangle left out of judgement, as fractions of width and height."""

    left: Fraction
    top: Fraction
    width: Fraction
    height: Fraction


class FaultSettings(Section):
    """One fault of one camera: off, or how keen (1 dull, 5 neutral, 10 keen)."""

    enabled: bool = True
    sensitivity: int = Field(default=5, ge=1, le=10)


def _expand_shorthand(value: object) -> object:
    """Let `blur: off` stand for `blur: {enabled: false}`."""
    return {"enabled": value} if isinstance(value, bool) else value


class CameraSettings(Section):
    """One camera. `user` and `password` may stand apart from the URL, so that a secret file can hold them."""

    name: CameraName
    url: str = Field(min_length=1, repr=False)
    user: str = Field(default="", repr=False)
    password: str = Field(default="", repr=False)
    site: Label = ""
    group: Label = ""
    enabled: bool = True
    transport: RtspTransport = RtspTransport.TCP
    plan: PlanSettings | None = None
    ptz: bool = False
    lit_at_night: bool = False
    analogue: bool = False
    masks: tuple[MaskSettings, ...] = ()
    faults: dict[Fault, Annotated[FaultSettings, BeforeValidator(_expand_shorthand)]] = Field(default_factory=dict)

    def camera(self, default_plan: PlanSettings, *, where: str) -> Camera:
        """Return the domain's camera; raises `ConfigError` naming `where` for an address that is not allowed."""
        return Camera(
            name=self.name,
            url=clean_camera_url(self._address(where), where=f"{where}.url"),
            site=self.site,
            group=self.group,
            enabled=self.enabled,
            transport=self.transport,
            plan=(self.plan or default_plan).plan(),
            ptz=self.ptz,
            lit_at_night=self.lit_at_night,
            analogue=self.analogue,
            masks=tuple(Mask(m.left, m.top, m.width, m.height) for m in self.masks),
            faults={fault: FaultSetting(s.enabled, s.sensitivity) for fault, s in self.faults.items()},
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
    max_pixels: int | None = Field(default=None, ge=1)
    """None: one frame of 1080p on a CPU, whose cache a larger batch leaves, sixteen on a GPU."""


class RetentionSettings(Section):
    """Days that stored rows live, by kind; each rollup must outlive the finer one it is made from."""

    raw_days: Days = 7
    minutes_days: Days = 30
    hours_days: Days = 400
    days_days: Days = 3650
    dead_letters_days: Days = 7
    sessions_days: Days = 90
    delivered_days: Days = 30
    history_days: Days = 400


class WebhookSettings(Section):
    """A receiver of alerts; with a secret, each body is signed (HMAC-SHA256)."""

    name: Label = Field(default="webhook", min_length=1)
    url: WebAddress = Field(min_length=1, repr=False)
    secret: str = Field(default="", repr=False)
    timeout_s: Positive = 10.0


class NotifierSettings(Section):
    """Who is told."""

    log: bool = True
    webhooks: tuple[WebhookSettings, ...] = ()


class HeartbeatSettings(Section):
    """A URL called while all is well, so that somebody learns when Sightline itself is dead."""

    url: WebAddressOrNone = Field(default="", repr=False)
    every_s: Positive = 60.0


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class EvaluationSettings(Section):
    """How patient the judgement is. The times of each fault stand in docs/metrics.md; `raise_s` replaces them all."""

    raise_s: Positive | None = None
    learn_s: Positive | None = None
    settle_s: Positive | None = None


class Settings(Section):
    """Everything. The defaults run embedded: one process, SQLite beside it, the page on this machine only."""

    database: DatabaseAddress = Field(default="sqlite:///sightline.db", min_length=1, repr=False)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    """Cores that compute scores; half of them where nothing is said, for reading cameras needs the others."""
    pictures: Literal["memory", "never"] = "memory"
    detectors: tuple[str, ...] | None = None
    models: dict[str, Annotated[ModelSettings, BeforeValidator(_expand_shorthand)]] = Field(default_factory=dict)
    downloads: str = Field(default="~/.cache/sightline/weights", min_length=1)
    """Where `sightline models pull` puts weights, and where they are looked for after those bundled."""
    gate: GateSettings | None = None
    cameras: tuple[CameraSettings, ...] = ()
    plan: PlanSettings = PlanSettings()
    api: ApiSettings = ApiSettings()
    batch: BatchSettings = BatchSettings()
    postgres: PostgresSettings = PostgresSettings()
    queue: QueueSettings = QueueSettings()
    live: LiveSettings = LiveSettings()
    ingest: IngestSettings = IngestSettings()
    health: HealthSettings = HealthSettings()
    retention: RetentionSettings = RetentionSettings()
    notifiers: NotifierSettings = NotifierSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    log: LogSettings = LogSettings()

    def domain_cameras(self) -> tuple[Camera, ...]:
        """Return the cameras of the file. Raises `ConfigError` for an address or a name that cannot be used."""
        problems = list(find_camera_conflicts(self, range(len(self.cameras))))
        if problems:
            raise ConfigError("\n".join(problems))
        return tuple(c.camera(self.plan, where=f"cameras[{i}]") for i, c in enumerate(self.cameras))

    def secrets(self) -> tuple[str, ...]:
        """Return every secret of these settings, in every form, for the redactor of logs and errors."""
        hidden = [self.api.token, self.queue.password, self.live.password]
        hidden += [hook.secret for hook in self.notifiers.webhooks]
        for password in [camera.password for camera in self.cameras] + hidden[1:3]:
            hidden += [quote(password, safe=""), quote(password)]
            hidden.append(password)
        addresses = [self.database, self.live.url, self.heartbeat.url]
        addresses += [hook.url for hook in self.notifiers.webhooks] + [camera.url for camera in self.cameras]
        hidden += [secret for address in addresses for secret in find_secrets(address)]
        return tuple(dict.fromkeys(text for text in hidden if text))


def parse_settings(content: dict[str, Any], problems: Mapping[str, str] = MappingProxyType({})) -> Settings:
    """Return checked settings of plain values.

    `problems` holds what is wrong already, by path; the values at these paths are not checked. Raises `ConfigError`
    with one line for each wrong value, which names its path.
    """
    wrong = list(problems.values())
    try:
        settings, omitted = _validate_content(content), frozenset[Location]()
    except ValidationError as error:
        wrong += [line for line in describe_errors(error, Settings) if line.partition(": ")[0] not in problems]
        # The rest is checked too, so that a person corrects everything in one go.
        content, omitted = omit_wrong_values(content, (each["loc"] for each in error.errors()))
        try:
            settings = _validate_content(content)
        except ValidationError:
            raise ConfigError("\n".join(wrong)) from None
    wrong += find_conflicts(settings, omitted)
    if wrong:
        raise ConfigError("\n".join(dict.fromkeys(wrong)))
    return settings


def _validate_content(content: dict[str, Any]) -> Settings:
    # Strict JSON mode refuses "5" for 5, yet reads enumerations and tuples from what YAML can write.
    return Settings.model_validate_json(json.dumps(content, default=str))


def load_settings(path: Path | None) -> Settings:
    """Return the settings of a file, or the defaults where `path` is None. Raises `ConfigError`."""
    return Settings() if path is None else parse_settings(*fill_settings_file(path))


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a settings file, for editors."""
    return Settings.model_json_schema()
