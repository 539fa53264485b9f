"""Cameras are named so that each lies in a partition of its own."""

from kafka.partitioner.default import murmur2

from lab.bench.cluster.camera_feed import spread_cameras


def test_as_many_cameras_as_partitions_lie_apart() -> None:
    names = spread_cameras(8, 8)
    assert sorted((murmur2(name.encode()) & 0x7FFFFFFF) % 8 for name in names) == list(range(8))


def test_names_are_the_same_each_time() -> None:
    assert spread_cameras(3, 8) == spread_cameras(3, 8)
    assert len(set(spread_cameras(3, 8))) == 3
