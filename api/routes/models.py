"""Which learned models score pictures here, which are off, and why."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.request_context import BackendDependency

router = APIRouter(tags=["catalogue"])


class ModelAnswer(BaseModel):
    """One model: `state` is on or off, `said` what it does or why it is off; `judges` that it scores pictures here.

    `sha256` is that of its weights, null without; the fingerprint stored with a score has its first twelve digits.
    """

    name: str
    title: str
    """Its name for people."""
    state: str
    judges: bool
    said: str
    every_s: float
    """Seconds between two scores of one camera, at least."""
    metrics: list[str]
    """Keys of what it measures."""
    sha256: str | None
    licence: str
    """Of the weights."""


@router.get("/models")
def models(backend: BackendDependency) -> list[ModelAnswer]:
    """Return every model that this version knows, as this process finds it; a worker elsewhere may find others."""
    return [
        ModelAnswer(
            name=model.name,
            title=model.title,
            state=model.state,
            judges=model.judges,
            said=model.summary,
            every_s=model.every_s,
            metrics=list(model.metrics),
            sha256=model.sha256 or None,
            licence=model.licence,
        )
        for model in backend.process.models()
    ]
