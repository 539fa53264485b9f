"""What the numbers and faults mean."""

from fastapi import APIRouter

from api.request_context import BackendDependency
from api.schemas.catalogue import FaultRuleAnswer, MetricAnswer
from domain.faults import FAULT_LABELS, Fault
from domain.runbook import RUNBOOK
from evaluation.alerting.alarm_precision import has_sensitivity
from evaluation.rules.fault_rules import RULES

router = APIRouter(tags=["catalogue"])


@router.get("/metrics")
def metrics(backend: BackendDependency) -> list[MetricAnswer]:
    """Return every metric with its unit, bounds, direction and source."""
    return [MetricAnswer.model_validate(spec) for spec in backend.metrics.values()]


@router.get("/faults")
def faults() -> list[FaultRuleAnswer]:
    """Return every fault with its label and the default times after which its alert fires and ends."""
    return [
        FaultRuleAnswer(
            fault=fault,
            label=FAULT_LABELS[fault],
            severity=RULES[fault].alert.severity,
            hold_for_s=RULES[fault].alert.hold_for_s,
            keep_firing_for_s=RULES[fault].alert.keep_firing_for_s,
            event=RULES[fault].alert.event,
            needs_reference=RULES[fault].needs_baseline,
            adjustable=has_sensitivity(fault),
            metrics=list(RULES[fault].metrics),
            meaning=RUNBOOK[fault].meaning,
            steps=list(RUNBOOK[fault].steps),
        )
        for fault in Fault
    ]
