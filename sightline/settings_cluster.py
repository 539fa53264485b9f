"""Settings of what several processes share: the queue, the live state, and how each process is asked how it is.

The defaults need nothing but this process; the extra 'cluster' brings what the other choices need.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ingest.limits import MB, ReadingLimits
from sightline.settings_types import Broker, RedisAddress

Positive = Annotated[float, Field(gt=0, le=366 * 86_400, allow_inf_nan=False)]
"""Seconds, a year at most."""
HostName = Annotated[str, Field(pattern=r"^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?$")]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Section(BaseModel):
    """A part of the settings: unknown keys, other types and later changes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class QueueSettings(Section):
    """What carries frames from ingest to scoring: memory of this process, or Kafka.

    Embedded it is short, so that a machine that cannot keep up drops old frames and counts them instead of judging the
    past. `max_frames` bounds, with Kafka, the frames sent and not yet acknowledged.
    """

    kind: Literal["embedded", "kafka"] = "embedded"
    max_frames: Count = 64
    max_bytes: int = Field(default=512 * 1024 * 1024, ge=1024 * 1024, le=1 << 40)
    poll_messages: Count = 32
    servers: tuple[Broker, ...] = ()
    """`HOST:PORT` of brokers; one that answers is enough to find the others."""
    topic: str = Field(default="sightline.messages", pattern=r"^[\w.-]{1,200}$")
    group: str = Field(default="sightline.workers", min_length=1)
    partitions: Count = 12
    """The most workers that can share the load; one stream is always in one partition."""
    replication_factor: Count = 1
    retention_minutes: Count = 15
    max_lag_s: Positive = 60.0
    """With Kafka: scoring that is further behind drops the oldest frames, counted, until it is a quarter as far."""
    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    user: str = Field(default="", repr=False)
    password: str = Field(default="", repr=False)
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"


class PostgresSettings(Section):
    """TLS to the database, where that is Postgres. With `ca_file` its certificate and its name are checked."""

    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


class LiveSettings(Section):
    """What holds the present: memory of this process, or Redis, which several processes see.

    With `tls` the server's certificate and name are checked against `ca_file`, or what the system trusts.
    """

    kind: Literal["memory", "redis"] = "memory"
    url: RedisAddress = Field(default="", repr=False)
    user: str = Field(default="", repr=False)
    password: str = Field(default="", repr=False)
    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""


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
    """Whether the address of a camera may be an HLS playlist (.m3u8), which chooses what is requested next."""
    allowed_hosts: tuple[HostName, ...] = ()
    """`HOST` or `HOST:PORT` besides a camera's own to which its redirects and playlists may lead, without its login."""
    lease_s: float = Field(default=30.0, ge=3, le=86_400)
    """A process that died loses its cameras to others after so long; the clocks of all must differ by less."""
    max_cameras: Count | None = None
    """The most cameras one process reads; without it the first process reads all and the next stand by."""

    def limits(self) -> ReadingLimits:
        return ReadingLimits(
            max_pixels=self.max_pixels,
            max_picture_bytes=self.max_picture_mb * MB,
            max_memory_bytes=self.max_memory_mb * MB,
            hls=self.hls,
            allowed_hosts=self.allowed_hosts,
        )


class HealthSettings(Section):
    """Where a process without the page answers /healthz, /readyz and /metrics; nowhere without a port."""

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65535)
