"""The runbook: what each fault and each alert of Prometheus means, and what to do."""

from collections.abc import Iterator, Mapping

from domain.faults import FAULT_LABELS, Fault
from domain.runbook import RUNBOOK
from evaluation.alerting.root_cause import PRECEDENCE

OPERATION: Mapping[str, tuple[str, ...]] = {
    "SightlineDown": (
        "Log in to its machine and look whether the process runs: `systemctl status sightline`, else start it.",
        "`sightline doctor` says what keeps it from starting; its log says why it ended.",
        "Until it runs again nothing is known of any camera: look at the cameras that matter most yourself.",
    ),
    "SightlinePartUnwell": (
        "Open `/readyz`: it names the part and its reason.",
        "Sightline starts the part again by itself, at the latest after a minute; if it fails again, see its log.",
    ),
    "SightlineStoreAway": (
        "Look at the disk of the database (`df -h`) and at Postgres, where that is used.",
        "Look for a program that holds the database's lock, such as a copy of the file that is being made.",
        "Scores wait and nothing is lost yet; messages are not sent meanwhile.",
    ),
    "SightlineScoringBehind": (
        "Look at the machine's load, and at what else runs there.",
        "Judge fewer frames (`plan.interval_s`), turn off learned models, or add workers.",
    ),
    "SightlineFramesDropped": (
        "Look at the machine's load, and at what else runs there.",
        "Choose a sparser plan, or give Sightline more cores: [Capacity](../capacity.md) says what a camera takes.",
    ),
    "CameraNotKnown": (
        "Look whether ingest runs: `sightline status`.",
        "If only one camera is unknown, look in the log for its name, then `sightline cameras test NAME`.",
    ),
    "CameraReconnects": (
        "Check cable, switch port and power of the camera.",
        "Count who reads it: another client may take its sessions.",
    ),
    "CameraHardlyAssessed": (
        "Open the camera on the page: each check says why it cannot be made.",
        "Often the view was never good enough to learn from: repair it, then `sightline cameras accept NAME`.",
    ),
    "IncidentNotTaken": (
        "Open the incidents on the page and take each on, by name.",
        "If nobody saw them, try the receivers: `sightline notify test NAME`, `sightline routes explain CAMERA FAULT`.",
    ),
    "ScoringDropsFrames": (
        "Run more workers (`sightline work`), or judge fewer frames (`plan.interval_s`).",
        "Look at `sightline_scoring_lag_messages`: if it grows on one machine alone, look at that machine.",
    ),
    "ClockStepped": (
        "Check the time service: `timedatectl`, `chronyc tracking`.",
        "If it happens at each start, replace the battery of the machine's clock.",
    ),
    "MessagesPutAside": (
        "Read the reason in the log, or in the dead letter topic.",
        "Find out who else writes to the topic; upgrade all parts to the same version.",
    ),
}
"""What to do about each alert of deploy/prometheus/rules.yml that is about Sightline itself."""


def render_runbook_page() -> str:
    """Return the page."""
    head = (
        "# Runbook\n\n"
        "What each fault means and what to do about it, in this order. A message's *Do first* is the first step here, "
        "the Prometheus rules link here, and `GET /api/v1/faults` gives the same. When a repair takes longer, "
        "[announce the work or snooze the incident](../guides/alerts.md#planned-work-and-snooze).\n\n"
        "The time until its message is in [Alerts](../guides/alerts.md#from-a-fault-to-a-message), each rule in "
        "[Metrics and faults](../metrics.md).\n"
    )
    return (
        "\n".join([head, "## Faults of cameras\n", *_faults(), "## Sightline itself\n", *_operation()]).rstrip() + "\n"
    )


def _faults() -> Iterator[str]:
    for fault in (*PRECEDENCE, *(fault for fault in Fault if fault not in PRECEDENCE)):
        entry = RUNBOOK[fault]
        yield f"### {fault.value}\n"
        yield f"“{FAULT_LABELS[fault]}”: {entry.meaning}\n"
        yield from _steps(entry.steps)


def _operation() -> Iterator[str]:
    for name, steps in OPERATION.items():
        yield f"### {name}\n"
        yield from _steps(steps)


def _steps(steps: tuple[str, ...]) -> Iterator[str]:
    yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))
    yield ""
