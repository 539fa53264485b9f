"""Settings of what several processes share: the queue, the live state, and how each process is asked how it is.

The defaults need nothing but this process; the extra 'cluster' brings what the other choices need.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from api.security.access_rules import MIN_TOKEN_LENGTH, TOKEN_COMMAND
from api.security.client_address import parse_networks
from domain.text.addresses import is_loopback
from ingest.limits import MEGABYTE, ReadingLimits
from sightline.config.access_settings import SignInSettings, find_sign_in_conflicts
from sightline.config.section import Section
from sightline.config.value_types import Broker, RedisAddress, WebAddressOrNone

Positive = Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)]
"""Seconds, a year at most."""
HostName = Annotated[str, Field(pattern=r"^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?$")]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class QueueSettings(Section):
    """What carries frames from ingest to scoring: memory of this process, or Kafka.

    Embedded it is short, so that a machine that cannot keep up drops old frames and counts them instead of judging the
    past. `max_frames` bounds, with Kafka, the frames sent and not yet acknowledged.
    """

    kind: Literal["embedded", "kafka"] = "embedded"
    """`embedded`: the memory of this process; `kafka`: Kafka, which several processes share."""
    max_frames: Count = 64
    """Frames that may wait; with Kafka, frames sent and not yet acknowledged."""
    max_bytes: int = Field(default=512 * 1024 * 1024, ge=1024 * 1024, le=1 << 40)
    """Bytes that may wait in the embedded queue."""
    poll_messages: Count = 32
    """The most messages of one poll, which are scored and stored together."""
    servers: tuple[Broker, ...] = ()
    """`HOST:PORT` of brokers; one that answers is enough to find the others."""
    topic: str = Field(default="sightline.messages", pattern=r"^[\w.-]{1,200}$")
    """Kafka's topic of frames and statuses."""
    group: str = Field(default="sightline.workers", min_length=1)
    """The workers' consumer group."""
    partitions: Count = 12
    """The most workers that can share the load; one stream is always in one partition."""
    replication_factor: Count = 1
    """Brokers that keep a copy of each message, when Sightline creates the topic."""
    retention_minutes: Count = 15
    """Minutes that Kafka keeps messages."""
    max_lag_s: Positive = 60.0
    """With Kafka: scoring that is further behind drops the oldest frames, counted, until it is a quarter as far."""
    tls: bool = False
    """Whether the connection to the brokers is encrypted."""
    ca_file: str = ""
    """Certificates that sign the brokers' own, PEM."""
    certificate_file: str = ""
    """This client's certificate, PEM."""
    key_file: str = ""
    """The certificate's key, PEM."""
    user: str = Field(default="", repr=False)
    """User of a login by SASL."""
    password: str = Field(default="", repr=False)
    """Password of that login."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How SASL logs in."""


class PostgresSettings(Section):
    """TLS to the database, where that is Postgres. With `ca_file` its certificate and its name are checked."""

    tls: bool = False
    """Whether the connection is encrypted."""
    ca_file: str = ""
    """Certificates that sign the server's own, PEM; without it no certificate is checked."""
    certificate_file: str = ""
    """This client's certificate, PEM."""
    key_file: str = ""
    """The certificate's key, PEM."""


class LiveSettings(Section):
    """What holds the present: memory of this process, or Redis, which several processes see.

    With `tls` the server's certificate and name are checked against `ca_file`, or what the system trusts.
    """

    kind: Literal["memory", "redis"] = "memory"
    """`memory`: the memory of this process; `redis`: Redis, which several processes share."""
    url: RedisAddress = Field(default="", repr=False)
    """`redis://HOST:PORT/DATABASE`."""
    user: str = Field(default="", repr=False)
    """User of the login, where the address holds none."""
    password: str = Field(default="", repr=False)
    """Password of the login, where the address holds none."""
    tls: bool = False
    """Whether the connection is encrypted."""
    ca_file: str = ""
    """Certificates that sign the server's own, PEM; else those that the system trusts."""
    certificate_file: str = ""
    """This client's certificate, PEM."""
    key_file: str = ""
    """The certificate's key, PEM."""


class IngestSettings(Section):
    """What one camera may ask of this machine, and how ingest processes share the cameras.

    `lease_s` and `max_cameras` count only with a queue that several processes share.
    """

    max_pixels: Count = 40_000_000
    """Width times height of the largest picture that is decoded; 8K has 33 million."""
    max_picture_mb: Count = 64
    """The most a camera may send before one compressed picture is complete."""
    max_memory_mb: int = Field(default=2048, ge=256)
    """The most memory that a reading process may hold; the camera that makes it take more is refused."""
    hls: bool = False
    """Whether the address of a camera may be an HLS playlist (.m3u8), which itself chooses what is requested next."""
    allowed_hosts: tuple[HostName, ...] = ()
    """`HOST` or `HOST:PORT` besides a camera's own to which its redirects and playlists may lead, without its login."""
    lease_s: float = Field(default=30.0, ge=3, le=86_400)
    """Seconds after which a process that died loses its cameras to others; the clocks of all must differ by less."""
    max_cameras: Count | None = None
    """The most cameras one process reads; without it the first process reads all and the next wait in reserve."""

    def limits(self) -> ReadingLimits:
        return ReadingLimits(
            max_pixels=self.max_pixels,
            max_picture_bytes=self.max_picture_mb * MEGABYTE,
            max_memory_bytes=self.max_memory_mb * MEGABYTE,
            hls=self.hls,
            allowed_hosts=self.allowed_hosts,
        )


class HealthSettings(Section):
    """Where a process without the page answers /healthz, /readyz and /metrics; it does not without a port."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int | None = Field(default=None, ge=0, le=65535)
    """Port to listen on; none where it is not given."""


class ApiSettings(Section):
    """The page and the API. Any address but this machine's own needs a token, or that everybody signs in."""

    enabled: bool = True
    """Whether `run` serves the page and the API."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8642, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    public_url: WebAddressOrNone = ""
    """The address by which people open the page, such as `https://cameras.example.org`; links in messages begin so."""
    token: str = Field(default="", repr=False)
    """What every client must show; none where it is not given."""
    allowed_hosts: tuple[str, ...] = ()
    """Names besides this machine's own under which a browser may ask without a token (a reverse proxy's)."""
    sign_in: SignInSettings = SignInSettings()
    """Who signs people in besides Sightline itself."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of reverse proxies; Sightline believes what these say about the client."""
    max_connections: int = Field(default=256, ge=8, le=65536)
    """Connections open at once; at most a quarter of them from one address, and a quarter of the open files allowed."""


def find_api_conflicts(api: ApiSettings) -> Iterator[str]:
    """Yield what is wrong with a token or proxies that would let strangers in."""
    if "token" in api.model_fields_set and not api.token.strip():
        yield f"api.token: empty; give one (`{TOKEN_COMMAND}` makes one), or leave it out for none"
    elif not all(char.isprintable() for char in api.token):
        yield "api.token: holds a character that cannot be typed or sent; use letters and digits"
    elif is_page_exposed(api) and not api.token and not is_loopback(api.host) and not api.sign_in.requires_sign_in:
        yield (
            "api.token: needed because api.host is not this machine alone; set api.token_file, or api.host: 127.0.0.1, "
            "or let everybody sign in by api.sign_in.required: true"
        )
    elif is_page_exposed(api) and 0 < len(api.token.strip()) < MIN_TOKEN_LENGTH:
        yield (
            f"api.token: shorter than {MIN_TOKEN_LENGTH} characters, and others reach the page (api.host, "
            f"api.allowed_hosts or api.trusted_proxies); `{TOKEN_COMMAND}` makes one"
        )
    yield from find_sign_in_conflicts(api.sign_in, api.public_url)
    try:
        parse_networks(api.trusted_proxies)
    except ValueError as error:
        yield f"api.trusted_proxies: {error}"


def is_page_exposed(api: ApiSettings) -> bool:
    """Return whether others than the users of this machine can reach the page."""
    alone = is_loopback(api.host) and not api.allowed_hosts and not api.trusted_proxies
    return api.enabled and not alone


class ModelSettings(Section):
    """One model. Without `enabled` a default model is on where its weights exist, any other where a path is given.

    `options` are the model's own (docs/guides/models.md); a wrong one is refused when the models are made.
    """

    enabled: bool | None = None
    """Whether the model judges."""
    path: str = ""
    """File or folder of its weights, in place of those bundled or downloaded."""
    every_s: Positive | None = None
    """How often a picture of each stream is scored; 10 s by default."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of this model; see the guide to learned models."""


class GateSettings(Section):
    """Pictures whose `metric` was last under `below` are not shown to the detectors of faces and objects."""

    metric: str = Field(default="image_quality", min_length=1)
    """The metric that decides, such as `image_quality`."""
    below: float
    """Pictures under this value are not shown to those detectors."""
