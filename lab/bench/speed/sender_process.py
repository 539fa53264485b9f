"""Ingest's end of the Kafka pipeline as a process of its own, as in a cluster: makes frames, and sends them when asked.

Over its input: one line of JSON, then `make` (answered by `ready` and the CPU seconds spent on sending so far) and
`send`, turn by turn.
"""

import sys
from dataclasses import dataclass
from datetime import datetime
from time import process_time

from pydantic import TypeAdapter

from lab.bench.speed.pipeline_frames import PipelineFrames, PipelineLoad
from transport.kafka.clients import KafkaPublisher
from transport.kafka.topics import KafkaSettings

_STEP_S = 0.001


@dataclass(frozen=True, slots=True)
class PipelineSenderSetup:
    """Where to send which film."""

    broker: str
    topic: str
    plan: PipelineLoad
    began_at: datetime

    def line(self) -> str:
        return SETUP.dump_json(self).decode() + "\n"


SETUP: TypeAdapter[PipelineSenderSetup] = TypeAdapter(PipelineSenderSetup)


def main() -> None:
    """Do as asked until the input ends."""
    setup = SETUP.validate_json(sys.stdin.readline())
    film = PipelineFrames(setup.plan, setup.began_at)
    publisher = KafkaPublisher(KafkaSettings((setup.broker,), topic=setup.topic))
    batches, spent_s = film.turn(), 0.0
    for line in sys.stdin:
        if line.strip() == "send":
            started_s = process_time()
            for frame in (frame for batch in batches for frame in batch):
                while not publisher.publish(frame):
                    publisher.wait(_STEP_S)
            while publisher.count_unacknowledged():
                publisher.wait(_STEP_S)
            spent_s += process_time() - started_s
        else:
            batches = film.turn()
            sys.stdout.write(f"ready {spent_s}\n")
            sys.stdout.flush()
    publisher.close()


if __name__ == "__main__":
    main()
