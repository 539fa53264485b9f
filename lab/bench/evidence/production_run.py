"""One camera through production's policy at simulated time: what people would be notified of, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.alerts import NotificationKind
from domain.cameras import Camera
from domain.faults import Fault
from evaluation.evaluate import Observation, StreamState, evaluate_observation, restore_state
from evaluation.policy import Policy


@dataclass(frozen=True, slots=True)
class Announcement:
    """A first message about an incident, or one that names another cause."""

    headline: Fault
    at: datetime
    summary: str
    incident_id: str
    kind: NotificationKind

    def as_json(self) -> dict[str, Any]:
        return {"fault": self.headline.value, "at": self.at.isoformat(timespec="seconds"), "summary": self.summary}


class ProductionRun:
    """Feeds observations to the evaluator, and keeps what it announced."""

    def __init__(self, camera: Camera, policy: Policy) -> None:
        self.camera = camera
        self.announced: list[Announcement] = []
        self._policy = policy
        self._state: StreamState = restore_state(camera)

    def observe(self, observation: Observation) -> None:
        """Judge the next observation; baselines stay in the state, as in one process."""
        judged = evaluate_observation(self._state, self.camera, observation, self._policy)
        self._state = judged.state
        for entry in judged.outbox:
            if entry.kind is not NotificationKind.RESOLVED:
                incident = entry.incident
                self.announced.append(
                    Announcement(
                        incident.headline, entry.created_at, incident.summary, incident.incident_id, entry.kind
                    )
                )
