"""What the pipeline costs beside its detectors: frames a second to SQLite, embedded and over Kafka, against them alone.

All run on the same frames in the same batches, in turns; each turn gives one ratio and the median is reported, so that
a machine busy with other things disturbs all alike. Over Kafka the sender is a process of its own, as ingest is in a
cluster, so it and the broker use another core than the detectors; what they cost is stated beside.
"""

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from detectors.registry import build_detectors
from domain.frames import FrameFormat
from lab import services
from lab.bench.speed.contestants import BOUNDS, BareLoop, Contestant, EmbeddedPipeline, TurnTime, time_turn
from lab.bench.speed.pipeline_frames import PipelineFrames, PipelineLoad
from lab.services import Service, ServiceMissing
from workers.frame_scoring.device import use_threads
from workers.frame_scoring.tensor_batches import tensor_batch_size

if TYPE_CHECKING:
    from lab.bench.speed.kafka_contestant import KafkaPipeline

BARE, EMBEDDED, KAFKA = "bare", "embedded", "kafka"


def run(
    *,
    streams: int = 8,
    unit: int = 8,
    units: int = 6,
    turns: int = 7,
    width: int = 1280,
    height: int = 720,
    threads: int | None = None,
    kafka: str | None = "",
) -> dict[str, object]:
    """Return `embedded_over_bare_loop`, `kafka_over_bare_loop` and what they were made of; frames a second of the wall.

    `streams` cameras of `width` x `height` give `units` units of `unit` frames a turn, batched as `sightline run` does;
    there are `turns` turns of each kind, and torch computes with `threads`, half the cores for None. `kafka` is a
    broker's HOST:PORT; "" starts one, None leaves it out. Where none can be had, the answer says why.
    """
    plan = PipelineLoad(streams, unit, units, turns, width, height)
    use_threads(threads)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker, reason = _broker(kafka, stack)
        detectors, began_at = build_detectors(), datetime.now(UTC)
        embedded = EmbeddedPipeline(plan, detectors, folder / "embedded.db")
        stack.callback(embedded.judging.engine.dispose)
        contestants: dict[str, Contestant] = {BARE: BareLoop(detectors), EMBEDDED: embedded}
        over_kafka = None
        if broker is not None:
            from lab.bench.speed.kafka_contestant import KafkaPipeline  # noqa: PLC0415 - needs the extra 'cluster'

            over_kafka = KafkaPipeline(
                plan, detectors, folder / "kafka.db", broker=broker, began_at=began_at, stack=stack
            )
            stack.callback(over_kafka.judging.engine.dispose)
            contestants[KAFKA] = over_kafka
        measured = _time_contestants(contestants, PipelineFrames(plan, began_at), turns, embedded, over_kafka)
        found = _summary(plan, measured, embedded) | _kafka_summary(plan, measured, over_kafka)
        return found if broker is not None else found | {"kafka": f"not measured: {reason}"}


def _broker(kafka: str | None, stack: ExitStack) -> tuple[Service | None, str]:
    if kafka is None:
        return None, "not asked for"
    if kafka:
        return Service(kafka), ""
    try:
        return stack.enter_context(services.kafka()), ""
    except ServiceMissing as absent:
        return None, str(absent)


def _time_contestants(
    contestants: Mapping[str, Contestant],
    film: PipelineFrames,
    turns: int,
    embedded: EmbeddedPipeline,
    over_kafka: "KafkaPipeline | None",
) -> list[dict[str, TurnTime]]:
    """Let all run once unmeasured, then in turns, each turn beginning with another one."""
    units = film.turn()
    for contestant in contestants.values():
        time_turn(contestant, units)
    embedded.judging.store.seconds = 0.0
    if over_kafka is not None:
        over_kafka.begin()
    names = list(contestants)
    measured = []
    for number in range(turns):
        units = film.turn()
        first = number % len(names)
        measured.append({name: time_turn(contestants[name], units) for name in names[first:] + names[:first]})
    return measured


def _summary(
    plan: PipelineLoad, measured: Sequence[Mapping[str, TurnTime]], embedded: EmbeddedPipeline
) -> dict[str, object]:
    bare_s = statistics.median(turn[BARE].wall_s for turn in measured)
    embedded_s = statistics.median(turn[EMBEDDED].wall_s for turn in measured)
    return {
        **_ratios(EMBEDDED, measured),
        "pipeline_frames_per_s": round(plan.frames / embedded_s, 2),
        "bare_frames_per_s": round(plan.frames / bare_s, 2),
        "bare_ms_per_frame": round(1000 * bare_s / plan.frames, 3),
        "beside_detectors_cpu_ms_per_frame": _added_cpu_ms(EMBEDDED, plan, measured),
        "store_ms_per_frame": round(1000 * embedded.judging.store.seconds / (plan.frames * plan.turns), 3),
        "frames_published": plan.frames * (plan.turns + 1),
        "frames_stored": embedded.judging.frames_scored(),
        "threads": torch.get_num_threads(),
        "turns": plan.turns,
        "frames_a_unit": plan.unit,
        "frames_a_batch": min(plan.unit, tensor_batch_size(FrameFormat(plan.width, plan.height, "yuv420p"), BOUNDS)),
        "streams": plan.streams,
        "size": f"{plan.width}x{plan.height} yuv420p",
        "limited_by": "the detectors" if embedded_s < 2 * bare_s else "queue, judge and store",
    }


def _kafka_summary(
    plan: PipelineLoad, measured: Sequence[Mapping[str, TurnTime]], over_kafka: "KafkaPipeline | None"
) -> dict[str, object]:
    if over_kafka is None:
        return {}
    sender_ms, broker_ms = over_kafka.elsewhere_ms_per_frame(plan.frames * plan.turns)
    return {
        **_ratios(KAFKA, measured),
        "kafka_frames_per_s": round(plan.frames / statistics.median(turn[KAFKA].wall_s for turn in measured), 2),
        "kafka_beside_detectors_cpu_ms_per_frame": _added_cpu_ms(KAFKA, plan, measured),
        "kafka_sender_cpu_ms_per_frame": sender_ms,
        "kafka_broker_cpu_ms_per_frame": broker_ms,
        "kafka_frames_stored": over_kafka.judging.frames_scored(),
        "kafka_processes": "the sender, the broker, and this one with the detectors",
    }


def _ratios(name: str, measured: Sequence[Mapping[str, TurnTime]]) -> dict[str, object]:
    ratios = sorted(turn[BARE].wall_s / turn[name].wall_s for turn in measured)
    by_cpu = statistics.median(turn[BARE].cpu_s / turn[name].cpu_s for turn in measured)
    return {
        f"{name}_over_bare_loop": round(statistics.median(ratios), 4),
        f"{name}_over_bare_loop_cpu": round(by_cpu, 4),
        f"{name}_ratios": [round(ratio, 4) for ratio in ratios],
    }


def _added_cpu_ms(name: str, plan: PipelineLoad, measured: Sequence[Mapping[str, TurnTime]]) -> float:
    """Return the CPU milliseconds a frame of this process beside those of the bare loop."""
    return round(1000 * statistics.median(turn[name].cpu_s - turn[BARE].cpu_s for turn in measured) / plan.frames, 3)
