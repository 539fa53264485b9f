"""Kafka in trouble, on a real broker: bad messages, bad settings, a broker that dies, workers that come and go."""

import gc
import json
import logging
import secrets
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import kafka
import numpy as np
import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from domain.errors import ConfigError, FrameRejected
from domain.frames import Frame, FrameFormat
from domain.messages import Delivery, StreamMessage
from tests import services
from tests.contract.records import frame, status
from tests.fakes.ports import FakeClock
from transport.codec import encode_message
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import KafkaSecurity, KafkaSettings, count_partitions, prepare_topics

DEADLINE_S = 60.0


# Kafka's client forgets the sockets of connections that were refused; each test collects its own.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


OWN_BROKER = "a broker of its own"


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[services.Service]:
    """Give the run's broker, or one of the test's own where the test kills it."""
    if getattr(request, "param", "") != OWN_BROKER:
        yield request.getfixturevalue("kafka_broker")
    else:
        try:
            with services.kafka() as broker:
                yield broker
        except services.ServiceMissing as error:
            services.absent(error)
    gc.collect()


@pytest.fixture
def settings(broker: services.Service) -> KafkaSettings:
    name = f"test.{secrets.token_hex(6)}"
    return KafkaSettings((broker.address,), topic=name, group=name, partitions=4)


@pytest.fixture
def prepared(settings: KafkaSettings) -> KafkaSettings:
    prepare_topics(settings, FakeClock())
    return settings


@pytest.fixture
def consumers(prepared: KafkaSettings) -> Iterator[Callable[[], KafkaConsumer]]:
    opened: list[KafkaConsumer] = []

    def opens() -> KafkaConsumer:
        opened.append(KafkaConsumer(prepared))
        return opened[-1]

    yield opens
    for consumer in opened:
        consumer.close()


def publish(settings: KafkaSettings, messages: Sequence[StreamMessage]) -> None:
    publisher = KafkaPublisher(settings)
    for message in messages:
        wait_until(lambda message=message: publisher.publish(message), "the frame was taken")  # type: ignore[misc]
    publisher.close()
    assert (publisher.count_unacknowledged(), publisher.count_lost()) == (0, 0)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"in {DEADLINE_S:.0f} s it was not so that {what}"
        time.sleep(0.02)


def take(consumer: KafkaConsumer) -> list[tuple[str, int]]:
    """Poll one unit, commit it and name its frames."""
    unit = consumer.poll(20, 0.1)
    if unit.deliveries:
        consumer.commit(unit)
    refs = [delivery.message.ref for delivery in unit.deliveries if isinstance(delivery.message, Frame)]
    return [(ref.stream_id, ref.sequence) for ref in refs]


def take_frames(consumer: KafkaConsumer, count: int, *, known: Sequence[tuple[str, int]] = ()) -> list[tuple[str, int]]:
    """Take until `count` different frames are known."""
    found = list(known)

    def enough() -> bool:
        found.extend(take(consumer))
        return len(set(found)) >= count

    wait_until(enough, f"{count} frames came")
    return found


def dead_letters(settings: KafkaSettings, count: int) -> list[dict[str, Any]]:
    reader = kafka.KafkaConsumer(
        settings.dead_letter_topic, bootstrap_servers=settings.servers, auto_offset_reset="earliest"
    )
    found: list[dict[str, Any]] = []

    def enough() -> bool:
        found.extend(json.loads(each.value) for batch in reader.poll(timeout_ms=500).values() for each in batch)
        return len(found) >= count

    wait_until(enough, f"{count} dead letters came")
    reader.close()
    return found


def test_messages_that_cannot_be_read_are_put_aside_and_the_rest_is_judged(
    prepared: KafkaSettings, consumers: Callable[[], KafkaConsumer]
) -> None:
    whole = encode_message(frame("gate", 1))
    broken = {
        b"not one of ours": "version",
        b"": "empty message",
        whole[: len(whole) // 2]: "truncated",
        b"\x03" + whole[1:]: "version 3 is newer",
        whole[:1] + b"\x07" + whole[2:]: "kind 7",
    }
    producer = kafka.KafkaProducer(bootstrap_servers=prepared.servers)
    for value in broken:
        producer.send(prepared.topic, key=b"gate", value=value)
    producer.send(prepared.topic, key=b"gate", value=whole)
    producer.close()
    assert take_frames(consumers(), 1) == [("gate", 1)]
    reasons = [letter["reason"] for letter in dead_letters(prepared, len(broken))]
    assert all(said in reason for said, reason in zip(broken.values(), reasons, strict=True)), reasons


def test_times_without_a_zone_and_of_another_age_stop_no_partition(
    prepared: KafkaSettings, consumers: Callable[[], KafkaConsumer]
) -> None:
    producer = kafka.KafkaProducer(bootstrap_servers=prepared.servers)
    ours = frame("gate", 1).ref.received_at.isoformat().replace("+00:00", "Z").encode()
    whole = encode_message(frame("gate", 1))
    assert ours in whole
    for wrong in (b"2026-03-02T08:00:01", b"9999-12-31T23:59:59Z"):
        header = whole[7 : 7 + int.from_bytes(whole[3:7], "little")].replace(ours, wrong)
        planes = whole[7 + int.from_bytes(whole[3:7], "little") :]
        producer.send(prepared.topic, key=b"gate", value=whole[:3] + struct.pack("<I", len(header)) + header + planes)
    producer.send(prepared.topic, key=b"gate", value=whole)
    producer.close()

    assert take_frames(consumers(), 1) == [("gate", 1)]

    reasons = [letter["reason"] for letter in dead_letters(prepared, 2)]
    assert "no time zone" in reasons[0]
    assert "9999" in reasons[1]


def test_a_batch_compressed_in_a_codec_we_have_not_stops_no_partition(
    kafka_broker: services.Service, consumers: Callable[[], KafkaConsumer], prepared: KafkaSettings
) -> None:
    """The topic is one of an earlier version, which left the codec to whoever sends."""
    administration = kafka.KafkaAdminClient(bootstrap_servers=prepared.servers)
    earlier = ConfigResource(ConfigResourceType.TOPIC, prepared.topic, configs={"compression.type": "producer"})
    administration.alter_configs([earlier], incremental=True)
    administration.close()
    prepare_topics(prepared, FakeClock())
    tool = ["java", "-Xmx128m", "-cp", f"{services.kafka_jars()}/*", "org.apache.kafka.tools.ConsoleProducer"]
    tool += ["--bootstrap-server", kafka_broker.address, "--topic", prepared.topic, "--compression-codec", "lz4"]
    sent = subprocess.run(
        tool, input="not one of ours\n" * 20, text=True, capture_output=True, timeout=120, check=False
    )
    assert sent.returncode == 0, sent.stderr[-500:]
    publish(prepared, [frame("gate", 3)])

    consumer = consumers()

    assert take_frames(consumer, 1) == [("gate", 3)]
    wait_until(lambda: not take(consumer) and consumer.count_unreadable() == 20, "each of them was put aside")


def test_a_bad_message_alone_does_not_come_back(
    prepared: KafkaSettings, consumers: Callable[[], KafkaConsumer]
) -> None:
    producer = kafka.KafkaProducer(bootstrap_servers=prepared.servers)
    producer.send(prepared.topic, key=b"gate", value=b"rubbish")
    producer.close()
    first = consumers()
    wait_until(lambda: not first.poll(10, 0.1).deliveries and first.count_unreadable() == 1, "it was put aside")
    first.close()
    publish(prepared, [frame("gate", 2)])
    assert take_frames(consumers(), 1) == [("gate", 2)]
    assert len(dead_letters(prepared, 1)) == 1


def test_a_poisoned_topic_without_one_for_dead_letters_stops_nobody(
    prepared: KafkaSettings, consumers: Callable[[], KafkaConsumer], caplog: pytest.LogCaptureFixture
) -> None:
    administration = kafka.KafkaAdminClient(bootstrap_servers=prepared.servers)
    administration.delete_topics([prepared.dead_letter_topic])
    administration.close()
    producer = kafka.KafkaProducer(bootstrap_servers=prepared.servers)
    for _ in range(20):
        producer.send(prepared.topic, key=b"gate", value=b"rubbish")
    producer.close()
    publish(prepared, [frame("gate", 0), frame("gate", 1)])
    consumer = consumers()
    delivered: list[Delivery] = []

    def all_came() -> bool:
        unit = consumer.poll(20, 0.1)
        for delivery in unit.deliveries:
            consumer.dead_letter(delivery, "a reason")
        delivered.extend(unit.deliveries)
        if unit.deliveries:
            consumer.commit(unit)
        return len(delivered) == 2

    with caplog.at_level(logging.WARNING, "transport"):
        wait_until(all_came, "both frames came")
    assert consumer.count_unreadable() == 20
    assert caplog.text.count("without a dead letter") == 1


def test_a_picture_above_the_cap_is_refused_before_it_is_sent(prepared: KafkaSettings) -> None:
    publisher = KafkaPublisher(replace(prepared, max_message_bytes=10_000))
    noise = np.random.default_rng(1).integers(0, 256, (100, 200), dtype=np.uint8)  # does not compress
    large = Frame(frame().ref, FrameFormat(200, 100, "gray"), (noise,))
    with pytest.raises(FrameRejected, match="200x100 gray picture takes"):
        publisher.publish(large)
    assert publisher.publish(frame())
    publisher.close()


def test_a_message_above_the_workers_cap_is_put_aside_and_the_next_is_judged(prepared: KafkaSettings) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (100, 200), dtype=np.uint8)  # does not compress
    publish(prepared, [Frame(frame().ref, FrameFormat(200, 100, "gray"), (noise,)), frame("gate", 1)])
    consumer = KafkaConsumer(replace(prepared, max_message_bytes=10_000))
    assert take_frames(consumer, 1) == [("gate", 1)]
    consumer.close()
    (letter,) = dead_letters(prepared, 1)
    assert "more than the 10,000 allowed" in letter["reason"]


def test_the_largest_picture_below_the_cap_travels(
    prepared: KafkaSettings, consumers: Callable[[], KafkaConsumer]
) -> None:
    side = 3990  # 15.9 MB
    noise = np.random.default_rng(1).integers(0, 256, (side, side), dtype=np.uint8)
    publish(prepared, [Frame(frame().ref, FrameFormat(side, side, "gray"), (noise,))])
    consumer = consumers()
    planes: list[np.ndarray[Any, Any]] = []

    def came() -> bool:
        planes.extend(
            plane
            for delivery in consumer.poll(1, 0.5).deliveries
            if isinstance(delivery.message, Frame)
            for plane in delivery.message.planes
        )
        return bool(planes)

    wait_until(came, "the picture came")
    assert np.array_equal(planes[0], noise)


@pytest.mark.parametrize("broker", [OWN_BROKER], indirect=True)
def test_a_broker_that_dies_and_comes_back_costs_nothing_that_was_taken(
    broker: services.Service, prepared: KafkaSettings, consumers: Callable[[], KafkaConsumer]
) -> None:
    publisher = KafkaPublisher(replace(prepared, max_unacknowledged_frames=5))
    assert publisher.publish(frame("gate", 0))
    wait_until(lambda: publisher.count_unacknowledged() == 0, "the first frame was acknowledged")
    consumer = consumers()
    before = take_frames(consumer, 1)

    broker.kill()
    assert [each for each in range(1, 12) if publisher.publish(frame("gate", each))] == [1, 2, 3, 4, 5]
    assert publisher.publish(status("gate", 11)), "a status is never refused"
    assert consumer.poll(10, 0.2).deliveries == ()

    broker.start()
    wait_until(lambda: publisher.count_unacknowledged() == 0, "the buffer was delivered")
    publisher.close()
    assert publisher.count_lost() == 0
    found = take_frames(consumer, 6, known=before)
    assert list(dict.fromkeys(found)) == [("gate", each) for each in range(6)]


class KafkaWorker:
    """A member of the group in a thread of its own, as in a process of its own."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self.taken: list[tuple[str, int]] = []
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(consumer,))
        self._thread.start()

    def _run(self, consumer: KafkaConsumer) -> None:
        while not self._stop.is_set():
            self.taken.extend(take(consumer))
        consumer.close()

    def leave(self) -> None:
        self._stop.set()
        self._thread.join()


def test_workers_share_the_streams_and_a_worker_that_leaves_is_replaced(prepared: KafkaSettings) -> None:
    streams = [f"camera {each}" for each in range(12)]
    workers = [KafkaWorker(KafkaConsumer(prepared)) for _ in range(2)]
    publisher = KafkaPublisher(prepared)
    sequence = -1

    def publish_round() -> None:
        nonlocal sequence
        sequence += 1
        for stream in streams:
            assert publisher.publish(frame(stream, sequence))
        wait_until(lambda: publisher.count_unacknowledged() == 0, "the round was acknowledged")

    def both_have_streams() -> bool:
        publish_round()
        newest = [{stream for stream, number in worker.taken if number > sequence - 5} for worker in workers]
        return all(0 < len(mine) < len(streams) for mine in newest)

    try:
        wait_until(both_have_streams, "both workers had streams")
        workers[0].leave()
        publish_round()
        wanted = {(stream, each) for stream in streams for each in range(sequence + 1)}
        wait_until(lambda: {*workers[0].taken, *workers[1].taken} == wanted, "the one left had all the rest")
    finally:
        for worker in workers:
            worker.leave()
        publisher.close()
    for worker in workers:
        for stream in streams:
            mine = [number for of, number in worker.taken if of == stream]
            assert mine == sorted(mine), f"{stream} out of order"


def test_a_topic_with_too_few_partitions_names_the_setting(prepared: KafkaSettings) -> None:
    with pytest.raises(ConfigError, match=r"queue\.partitions.*has 4 partitions, 9 are asked for"):
        prepare_topics(replace(prepared, partitions=9), FakeClock())


def test_preparing_topics_again_changes_nothing(
    prepared: KafkaSettings, consumers: Callable[[], KafkaConsumer]
) -> None:
    publish(prepared, [frame("gate", 0)])
    prepare_topics(prepared, FakeClock())
    assert count_partitions(prepared) == prepared.partitions
    assert take_frames(consumers(), 1) == [("gate", 0)]


def test_wrong_credentials_are_the_operators_to_correct_and_stay_unsaid(
    broker: services.Service, settings: KafkaSettings
) -> None:
    refused = replace(settings, servers=(broker.secured,), answer_within_s=4)
    wrong = KafkaSecurity(user="sightline", password="hunter2x", mechanism="PLAIN")
    with pytest.raises(ConfigError, match="refused the user or password") as caught:
        prepare_topics(replace(refused, security=wrong), FakeClock())
    assert "hunter2x" not in repr(wrong) + str(caught.value) + str(caught.value.__cause__)


def test_right_credentials_are_let_in(broker: services.Service, settings: KafkaSettings) -> None:
    right = KafkaSecurity(user="sightline", password=broker.password, mechanism="PLAIN")
    secured = replace(settings, servers=(broker.secured,), security=right)
    prepare_topics(secured, FakeClock())
    publish(secured, [frame("gate", 0)])


def test_an_absent_broker_is_waited_for_ever_longer_and_said(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    started = clock.now()
    absent = KafkaSettings((f"127.0.0.1:{services.free_port()}",), answer_within_s=0.2)
    with caplog.at_level(logging.WARNING, logger="transport.kafka.topics"):
        prepare_topics(absent, clock, give_up=lambda: (clock.now() - started).total_seconds() > 6)
    told = [record.getMessage() for record in caplog.records]
    waits = [message.rpartition("in ")[2] for message in told]
    assert waits == ["1 s", "2 s", "4 s"]
    assert all(absent.servers[0] in message for message in told)
    gc.collect()
