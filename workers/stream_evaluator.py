"""Evaluates scored frames, statuses and ticks stream by stream, and collects what one transaction must store."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain.alerts import Alert, Incident, IncidentState
from domain.baselines import CameraBaseline, LightMode
from domain.cameras import Camera, StreamStatus
from domain.evidence_metrics import EVIDENCE_METRICS
from domain.faults import Fault
from domain.messages import BatchResult, DeadLetter, StreamSnapshot
from domain.metrics import FrameScores
from domain.ports import AlertStore
from domain.verdict_time import join_spans
from evaluation.evaluate import Evaluation, Observation, StreamState, evaluate_observation, restore_state, shift_times
from evaluation.policy import Policy


@dataclass(slots=True)
class BatchEvaluation:
    """The evaluation of one batch: new states beside the old, so that a batch that fails leaves no trace."""

    states: dict[str, StreamState] = field(default_factory=dict)
    latest: dict[str, Evaluation] = field(default_factory=dict)
    evaluations: list[Evaluation] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    def snapshots(self) -> Iterable[StreamSnapshot]:
        """Return the live state of every stream of this batch."""
        return (evaluation.snapshot for evaluation in self.latest.values())

    def result(self, dead_letters: tuple[DeadLetter, ...] = ()) -> BatchResult:
        """Return what must be stored. Of an alert, incident or baseline that changed twice, the last counts."""
        alerts: dict[tuple[str, Fault], Alert] = {}
        incidents: dict[str, Incident] = {}
        baselines: dict[tuple[str, LightMode], CameraBaseline] = {}
        for evaluation in self.evaluations:
            alerts.update({(alert.stream_id, alert.fault): alert for alert in evaluation.alerts})
            incidents.update({incident.incident_id: incident for incident in evaluation.incidents})
            baselines.update({(baseline.stream_id, baseline.mode): baseline for baseline in evaluation.baselines})
        return BatchResult(
            scores=tuple(observation for observation in self.observations if isinstance(observation, FrameScores)),
            statuses=tuple(observation for observation in self.observations if isinstance(observation, StreamStatus)),
            verdicts=tuple(change for evaluation in self.evaluations for change in evaluation.changes),
            alerts=tuple(alerts.values()),
            transitions=tuple(step for evaluation in self.evaluations for step in evaluation.transitions),
            incidents=tuple(incidents.values()),
            outbox=tuple(entry for evaluation in self.evaluations for entry in evaluation.outbox),
            baselines=tuple(baselines.values()),
            dead_letters=dead_letters,
            spans=join_spans(span for evaluation in self.evaluations for span in evaluation.spans),
        )


class StreamEvaluator:
    """Holds every stream's state between batches. A new stream continues from what was stored."""

    def __init__(self, restore: Callable[[Camera], StreamState], policy: Policy) -> None:
        self._restore = restore
        self._policy = policy
        self._states: dict[str, StreamState] = {}

    def begin(self) -> BatchEvaluation:
        return BatchEvaluation()

    def observe(
        self, evaluation: BatchEvaluation, camera: Camera, observation: Observation, clock: datetime | None = None
    ) -> Evaluation:
        """Evaluate one observation; those of a stream come in order. Raises `StoreUnavailable` for a new stream.

        No observation may be far ahead of `clock`, the time now.
        """
        state = evaluation.states.get(camera.name) or self._states.get(camera.name)
        if state is None:
            # Kept at once: what was stored does not depend on whether this batch succeeds.
            state = self._states[camera.name] = self._restore(camera)
        new_evaluation = evaluate_observation(state, camera, observation, self._policy, clock)
        evaluation.states[camera.name] = new_evaluation.state
        evaluation.latest[camera.name] = new_evaluation
        evaluation.evaluations.append(new_evaluation)
        evaluation.observations.append(_with_evidence(observation, new_evaluation.snapshot))
        return new_evaluation

    def keep(self, evaluation: BatchEvaluation) -> None:
        """Take over the states of a batch that was stored."""
        self._states.update(evaluation.states)

    def move(self, by: timedelta) -> None:
        """Follow a clock that was set: all that is known keeps its age."""
        self._states = {name: shift_times(state, by) for name, state in self._states.items()}

    def forget(self, stream_id: str) -> None:
        self._states.pop(stream_id, None)


def _with_evidence(observation: Observation, snapshot: StreamSnapshot) -> Observation:
    """Return a frame's scores with the numbers that the evaluation added, so that they are stored and can be shown."""
    if not isinstance(observation, FrameScores):
        return observation
    added = {key: snapshot.values[key] for key in EVIDENCE_METRICS if key in snapshot.values}
    return replace(observation, values={**added, **observation.values})


def restore_from_store(store: AlertStore) -> Callable[[Camera], StreamState]:
    """Return a function that restores a stream's state from before a restart: alerts, baselines, open incident."""

    def restore(camera: Camera) -> StreamState:
        opened = store.incidents(state=IncidentState.OPEN, stream_id=camera.name, limit=1)
        name, incident = camera.name, opened[0] if opened else None
        return restore_state(camera, store.alerts(name), store.baselines(name), incident, store.last_span(name))

    return restore


def make_fresh_state(camera: Camera) -> StreamState:
    """Return the state of a stream without a past, for clips and `watch`."""
    return restore_state(camera, (), (), None)
