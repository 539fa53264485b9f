"""What rebalances say of a stream: whose it is, and whether it was unavailable in between."""

from kafka.structs import TopicPartition

from transport.kafka.partition_assignments import PartitionAssignments, partition_of

ALL = [TopicPartition("t", number) for number in range(4)]


def test_keys_lie_where_javas_partitioner_puts_them() -> None:
    # Kafka's own test of murmur2 (org.apache.kafka.common.utils.UtilsTest): hashes of "21", "foobar", "abc".
    hashes = {"21": -973932308, "foobar": -790332482, "abc": 479470107}
    for key, signed in hashes.items():
        assert partition_of(key, 1000) == (signed & 0x7FFFFFFF) % 1000


def test_a_stream_is_ours_from_assignment_to_revocation() -> None:
    tenures, mine = PartitionAssignments(), ALL[partition_of("gate", 4)]
    assert tenures.of("gate", 4) is None
    tenures.on_partitions_assigned([mine])
    assert tenures.of("gate", 4) is not None
    tenures.on_partitions_revoked([mine])
    assert tenures.of("gate", 4) is None


def test_what_was_lost_and_comes_back_has_another_number_and_what_stayed_its_old_one() -> None:
    tenures = PartitionAssignments()
    tenures.on_partitions_assigned(ALL)
    mine = ALL[partition_of("gate", 4)]
    other = next(name for name in ("a", "b", "c", "d", "e") if partition_of(name, 4) != mine.partition)
    before = tenures.of("gate", 4), tenures.of(other, 4)
    tenures.on_partitions_lost([mine])
    tenures.on_partitions_assigned([mine])
    assert tenures.of("gate", 4) not in (None, before[0])
    assert tenures.of(other, 4) == before[1]
