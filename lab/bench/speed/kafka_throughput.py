"""How fast our Kafka path is, codec included, beside Kafka's own performance tools with messages of the same size.

Needs Java and the folder of Kafka's jars, which `lab.services` fetches. Both sides take turns on one broker with
topics of their own. The tools' own figures are taken, so that starting Java counts for nobody; what Java's compiler
needs to get warm counts.
"""

import secrets
import subprocess
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np

from domain.errors import ConfigError
from domain.frames import Frame, FrameFormat, FrameRef
from lab import services
from lab.bench.clocks import ManualClock
from transport.codec import encode_message
from transport.compression import Compression
from transport.kafka.clients import KafkaConsumer, KafkaPublisher
from transport.kafka.topics import KafkaSettings, prepare_topics

_TOOL_S = 120
_JOIN_S = 3.0


def run_on_servers(servers: str, jars: Path | None) -> dict[str, Any]:
    """Measure on the broker given, or on one started for it. Raises `ServiceMissing` where none can be had."""
    with ExitStack() as stack:
        return run(servers or stack.enter_context(services.kafka()).address, jars or services.kafka_jars())


def run(
    servers: str, jars: Path, *, rounds: int = 3, messages: int = 300, message_bytes: int = 900_000
) -> dict[str, Any]:
    """Send and receive `messages` messages of `message_bytes` bytes a round; medians over rounds, MB/s."""
    side = round(message_bytes**0.5)
    noise = np.random.default_rng(0).integers(0, 256, (side, side), dtype=np.uint8)
    frame = Frame(FrameRef("camera", "s", 0, 0.0, datetime.now(UTC)), FrameFormat(side, side, "gray"), (noise,))
    size = len(encode_message(frame))
    found: dict[str, list[float]] = {"produce": [], "consume": [], "tool_produce": [], "tool_consume": [], "cpu": []}
    for turn in range(rounds):
        settings = KafkaSettings((servers,), topic=f"bench.{secrets.token_hex(4)}", partitions=1)
        settings = replace(settings, group=settings.topic, max_unacknowledged_frames=32)
        tool_topic = replace(settings, topic=f"{settings.topic}.tool")
        for each in (settings, tool_topic):
            prepare_topics(each, ManualClock())
        sides = [_ours, _tools]
        for measure in sides if turn % 2 else sides[::-1]:
            figures = measure(settings if measure is _ours else tool_topic, frame, size, messages, jars)
            for name, value in figures.items():
                found[name].append(value)
    return {
        "produce_over_perf_tool": median(found["produce"]) / median(found["tool_produce"]),
        "consume_over_perf_tool": median(found["consume"]) / median(found["tool_consume"]),
        **{f"{name}_mb_per_s": median(values) for name, values in found.items() if name != "cpu"},
        "cpu_ms_per_message_both_ends": median(found["cpu"]) * 1e3,
        "message_bytes": size,
        "messages": messages,
        "rounds": rounds,
        "threads": 1,
    }


def _ours(settings: KafkaSettings, frame: Frame, size: int, messages: int, _jars: Path) -> dict[str, float]:
    publisher, consumer = KafkaPublisher(settings, compression=Compression.RAW), KafkaConsumer(settings)
    consumer.poll(1, _JOIN_S)
    cpu = process_time()
    started = perf_counter()
    for sequence in range(messages):
        numbered = replace(frame, ref=replace(frame.ref, sequence=sequence))
        while not publisher.publish(numbered):
            publisher.wait(0.001)
    publisher.close()
    produced_s = perf_counter() - started
    started = perf_counter()
    received = 0
    while received < messages:
        received += len(_poll(consumer))
    consumed_s = perf_counter() - started
    cpu = process_time() - cpu
    consumer.close()
    megabytes = size / 1e6
    return {
        "produce": messages * megabytes / produced_s,
        "consume": messages * megabytes / consumed_s,
        "cpu": cpu / messages,
    }


def _poll(consumer: KafkaConsumer) -> tuple[Any, ...]:
    batch = consumer.poll(16, 1.0)
    if batch.deliveries:
        consumer.commit(batch)
    return batch.deliveries


def _tools(settings: KafkaSettings, _frame: Frame, size: int, messages: int, jars: Path) -> dict[str, float]:
    servers = settings.servers[0]
    produce = ["--topic", settings.topic, "--num-records", messages, "--record-size", size, "--throughput", -1]
    produce += ["--producer-props", f"bootstrap.servers={servers}", "acks=all", "max.request.size=17000000"]
    output = _java(jars, "org.apache.kafka.tools.ProducerPerformance", [*produce, "buffer.memory=67108864"])
    # "100 records sent, 98.1 records/sec (84.20 MB/sec), …"; their MB has 2^20 bytes.
    produced = float(output.strip().splitlines()[-1].split("(")[1].split()[0])
    consume = ["--topic", settings.topic, "--messages", messages, "--bootstrap-server", servers, "--timeout", 60_000]
    output = _java(jars, "org.apache.kafka.tools.ConsumerPerformance", consume)
    header, values = (line.split(", ") for line in output.strip().splitlines()[-2:])
    consumed = float(dict(zip(header, values, strict=True))["fetch.MB.sec"])
    return {"tool_produce": produced * 1.048576, "tool_consume": consumed * 1.048576}


def _java(jars: Path, tool: str, arguments: list[Any]) -> str:
    command = ["java", "-Xmx512m", "-cp", f"{jars}/*", tool, *(str(each) for each in arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_S, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise ConfigError(f"bench kafka: {tool} did not run: {said[-500:]}") from error
    return done.stdout
