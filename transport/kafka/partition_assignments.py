"""The partitions assigned to this consumer, numbered by the group's rebalances and looked up by stream."""

from collections.abc import Iterable
from itertools import count

from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.partitioner.default import murmur2
from kafka.structs import TopicPartition


class PartitionAssignments(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Numbers each assignment of a partition; a partition that was unavailable in between has a new number."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._since: dict[int, int] = {}

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        for each in assigned:
            self._since[each.partition] = next(self._numbers)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        for each in revoked:
            self._since.pop(each.partition, None)

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self.on_partitions_revoked(lost)

    def of(self, stream_id: str, partitions: int) -> int | None:
        """Return the number under which the stream's partition is ours, None where it is not."""
        return self._since.get(partition_of(stream_id, partitions))


def partition_of(stream_id: str, partitions: int) -> int:
    """Return where Kafka's default partitioner puts the key: murmur2 without its sign, modulo the partitions."""
    return int(murmur2(stream_id.encode()) & 0x7FFFFFFF) % partitions
