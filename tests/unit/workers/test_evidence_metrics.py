"""Every number that decides about a fault has a meaning, and is stored with the frame that it belongs to."""

from dataclasses import replace

from detectors.registry import METRICS
from domain.cameras import Camera, StreamCounters
from domain.evidence_metrics import EVIDENCE_METRICS
from domain.metrics import FrameScores
from evaluation.policy import Policy
from evaluation.rules.fault_rules import RULES
from evaluation.scene.background import COMPARISON_METRICS
from tests.contract.records import status
from tests.unit.workers.builders import frame
from workers.stream_evaluator import StreamEvaluator, make_fresh_state


def test_every_metric_that_a_rule_reads_has_a_spec() -> None:
    read = {bound.metric for rule in RULES.values() for bounds in rule.any_of for bound in bounds}
    assert read - METRICS.keys() - EVIDENCE_METRICS.keys() == set()
    assert METRICS.keys() & EVIDENCE_METRICS.keys() == set()
    assert set(COMPARISON_METRICS) <= EVIDENCE_METRICS.keys()


def test_what_ingest_counted_is_stored_with_the_frame() -> None:
    evaluator, camera = StreamEvaluator(make_fresh_state, Policy()), Camera("gate", "rtsp://h/1")
    evaluation = evaluator.begin()
    counted = replace(status("gate", 0), counters=StreamCounters(fps=12.5, bitrate_bps=1e6))
    evaluator.observe(evaluation, camera, counted)
    evaluator.observe(evaluation, camera, FrameScores(frame(sequence=1).ref, {"luma_mean": 0.5}))
    (scores,) = evaluation.result().scores
    assert scores.values == {"luma_mean": 0.5, "fps": 12.5, "bitrate_bps": 1e6, "decoder_damage": 0.0}
