"""Records as JSON text and back, so that a row holds what has no column of its own."""

import struct
from collections.abc import Mapping
from json import dumps
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter

from domain.alerts import Incident
from domain.baselines import BaselinePart, PartBaseline, Statistic
from domain.cameras import Camera
from domain.faults import Evidence, NotAssessable, Verdict, known_fault

_Record = TypeVar("_Record")

EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)
INCIDENT: TypeAdapter[Incident] = TypeAdapter(Incident)
CAMERA: TypeAdapter[Camera] = TypeAdapter(Camera)
PARTS: TypeAdapter[Mapping[BaselinePart, PartBaseline]] = TypeAdapter(Mapping[BaselinePart, PartBaseline])
STATISTICS: TypeAdapter[Mapping[str, Statistic]] = TypeAdapter(
    Mapping[str, Statistic],
    config=ConfigDict(ser_json_inf_nan="strings"),  # JSON has no infinity, a normal range may
)

_SHAPE = struct.Struct("<III")


def encode_record(adapter: TypeAdapter[_Record], record: _Record) -> str:
    """Return the record as JSON text."""
    return adapter.dump_json(record).decode()


def decode_record(adapter: TypeAdapter[_Record], document: Any) -> _Record:
    """Return the record a JSON object was made from; members it does not know are left out."""
    return adapter.validate_python(document)


def decode_parts(document: Mapping[str, Any] | None) -> Mapping[BaselinePart, PartBaseline]:
    """Return the parts of a baseline; one that only a newer version knows is left out, not refused."""
    known = {name: part for name, part in (document or {}).items() if name in list(BaselinePart)}
    return decode_record(PARTS, known)


def decode_incident(document: Mapping[str, Any]) -> Incident | None:
    """Return the incident without symptoms that only a newer version knows; None where its headline is such a fault."""
    if known_fault(document["headline"]) is None:
        return None
    symptoms = [fault for fault in document.get("symptoms", ()) if known_fault(fault) is not None]
    return decode_record(INCIDENT, {**document, "symptoms": symptoms})


def decode_camera(document: Mapping[str, Any]) -> Camera:
    """Return the camera without its settings of faults that only a newer version knows."""
    faults = {key: setting for key, setting in document.get("faults", {}).items() if known_fault(key) is not None}
    return decode_record(CAMERA, {**document, "faults": faults})


def encode_verdict_evidence(verdict: Verdict) -> str:
    """Return the verdict's evidence as JSON text, with its cause as one more member where it has one."""
    document = EVIDENCE.dump_python(verdict.evidence, mode="json")
    return dumps(document if verdict.cause is None else {**document, "cause": verdict.cause})


def decode_cause(document: Mapping[str, Any]) -> NotAssessable | None:
    """Return the cause beside an evidence, None where it is absent or unknown to this version."""
    cause = document.get("cause")
    return NotAssessable(cause) if cause in list(NotAssessable) else None


def pack_structure(structure: NDArray[np.float32] | None) -> bytes | None:
    """Return block statistics, float32 (rows, columns, channels), as three little-endian sizes and the numbers."""
    if structure is None:
        return None
    rows, columns, channels = structure.shape
    return _SHAPE.pack(rows, columns, channels) + np.ascontiguousarray(structure, dtype="<f4").tobytes()


def unpack_structure(blob: bytes | memoryview | None) -> NDArray[np.float32] | None:
    """Undo `pack_structure`, bit for bit."""
    if blob is None:
        return None
    stored = bytes(blob)
    shape = _SHAPE.unpack_from(stored)
    return np.frombuffer(stored, dtype="<f4", offset=_SHAPE.size).reshape(shape).astype(np.float32)
