"""What a worker process of the cluster benches gets; apart from the worker, so that who only sends loads no PyTorch."""

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from evaluation.policy import Policy
from transport.kafka.topics import KafkaSettings

LEARN_S = 8.0


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """Everything a worker process needs to start."""

    broker: str
    topic: str
    partitions: int
    database: str
    redis: str
    raise_s: float | None = None
    """How long a fault lasts before it raises an alert; None for production's patience."""
    session_timeout_s: float = 10.0
    poll_messages: int = 32
    max_unacknowledged_frames: int = 64

    def kafka(self) -> KafkaSettings:
        """Return the broker, one topic and one group by the name of the run."""
        return KafkaSettings(
            (self.broker,),
            topic=self.topic,
            group=self.topic,
            partitions=self.partitions,
            session_timeout_s=self.session_timeout_s,
            max_unacknowledged_frames=self.max_unacknowledged_frames,
        )

    def policy(self) -> Policy:
        """Return the patience; a short one learns its baselines at once, so that they are in storage from then on."""
        if self.raise_s is None:
            return Policy()
        return replace(Policy.short(self.raise_s), learn_s=LEARN_S)

    def line(self) -> str:
        return SETUP.dump_json(self).decode() + "\n"


SETUP: TypeAdapter[WorkerSetup] = TypeAdapter(WorkerSetup)
