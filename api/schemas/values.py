"""The shapes of the answers (OpenAPI is made from them) and how the domain's records become them.

Times are ISO 8601 in UTC. null means not known or unbounded. Addresses are shown only with their credentials hidden.
"""

import math
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from domain.baselines import LightMode
from domain.faults import FAULT_LABELS, Fault, Verdict, VerdictState
from domain.text.camera_urls import redact_text


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


Time = Annotated[datetime, AfterValidator(_utc)]
SafeText = Annotated[str, AfterValidator(redact_text)]
"""Text that may quote a camera or an address: credentials are hidden."""
Number = Annotated[float | None, AfterValidator(lambda value: value if value is None else _finite(value))]


class RecordAnswer(BaseModel):
    """An answer with the fields of a record, which `model_validate` copies."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """Every refusal and failure: one sentence that says what is wrong."""

    error: str


class EvidenceAnswer(RecordAnswer):
    """The number behind a verdict; `normal_low` and `normal_high` bound what would be normal."""

    metric: str
    """Its key."""
    unit: str
    value: Number
    """In `unit`."""
    normal_low: Number
    normal_high: Number
    mode: LightMode | None
    """The light in which it was measured."""
    since: Time | None
    """Since when the value has been bad."""
    frames_judged: int
    """Frames in the window that decided."""


class FaultAnswer(BaseModel):
    """A fault by key, and as a guard would call it."""

    fault: Fault
    label: str


class VerdictAnswer(FaultAnswer):
    """One of three answers about one fault; `reason` is set unless the state is ok."""

    state: VerdictState
    reason: SafeText
    evidence: EvidenceAnswer


def fault_answer(fault: Fault) -> FaultAnswer:
    return FaultAnswer(fault=fault, label=FAULT_LABELS[fault])


def verdict_answer(verdict: Verdict) -> VerdictAnswer:
    return VerdictAnswer(
        fault=verdict.fault,
        label=FAULT_LABELS[verdict.fault],
        state=verdict.state,
        reason=verdict.reason,
        evidence=EvidenceAnswer.model_validate(verdict.evidence),
    )
