"""What Home Assistant's discovery and the topics of cameras say: one device a camera, retained. Pure.

The forms are those of https://www.home-assistant.io/integrations/mqtt/ (device discovery, since 2024.11).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True, slots=True)
class PublishedCamera:
    """A camera as the page shows it now. `state` is None where nothing is known of it."""

    name: str
    site: str = ""
    group: str = ""
    state: str | None = None
    reason: str = ""
    """Why the state is what it is."""
    fault: str = ""
    """Key of the fault that explains the others, "" without one."""
    severity: str = ""
    since: datetime | None = None
    """When the fault began."""


def camera_id(name: str) -> str:
    """Return a camera's name as it may be in a topic; two names never give one."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]
    return f"{slug}_{sha256(name.encode()).hexdigest()[:8]}".lstrip("_")


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics below `prefix`, and those of discovery."""

    prefix: str = "sightline"
    discovery: str = "homeassistant"

    @property
    def status(self) -> str:
        """Whether Sightline itself runs: `online`, or `offline` by its last will."""
        return f"{self.prefix}/status"

    @property
    def events(self) -> str:
        return f"{self.prefix}/events"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery}/status"

    @property
    def every_availability(self) -> str:
        return f"{self.prefix}/cameras/+/availability"

    def camera_topics(self, identity: str) -> tuple[str, str, str]:
        """Return a camera's topics of discovery, state and availability."""
        own = f"{self.prefix}/cameras/{identity}"
        return f"{self.discovery}/device/{self.prefix}_{identity}/config", f"{own}/state", f"{own}/availability"

    def identity_of(self, availability: str) -> str:
        """Return the camera of a topic of availability."""
        return availability.removeprefix(f"{self.prefix}/cameras/").removesuffix("/availability")


def camera_messages(report: PublishedCamera, topics: Topics, public_url: str) -> Mapping[str, str]:
    """Return what a camera's topics hold now; of one that is unknown the state stays, and it is unavailable."""
    identity = camera_id(report.name)
    config, state, availability = topics.camera_topics(identity)
    messages = {config: _discovery(report, topics, identity, public_url)}
    if report.state is not None:
        messages[state] = _state(report)
    messages[availability] = OFFLINE if report.state is None else ONLINE
    return messages


def _state(report: PublishedCamera) -> str:
    problem = {"fault": "ON", "not_assessable": "None"}.get(report.state or "", "OFF")
    return json.dumps(
        {
            "problem": problem,
            "state": report.state,
            "reason": report.reason,
            "fault": report.fault,
            "severity": report.severity,
            "since": report.since.isoformat() if report.since else "",
        },
        ensure_ascii=False,
    )


def _discovery(report: PublishedCamera, topics: Topics, identity: str, public_url: str) -> str:
    _, state, availability = topics.camera_topics(identity)
    unique = f"{topics.prefix}_{identity}"
    device = {"identifiers": [unique], "name": report.name, "manufacturer": "Sightline"}
    if report.site:
        device["suggested_area"] = report.site
    if public_url:
        device["configuration_url"] = public_url
    common = {"state_topic": state, "json_attributes_topic": state}
    return json.dumps(
        {
            "device": device,
            "origin": {"name": "Sightline"},
            "components": {
                "problem": {
                    "platform": "binary_sensor",
                    "device_class": "problem",
                    "name": "Problem",
                    "unique_id": f"{unique}_problem",
                    "value_template": "{{ value_json.problem }}",
                    **common,
                },
                "state": {
                    "platform": "sensor",
                    "name": "State",
                    "unique_id": f"{unique}_state",
                    "value_template": "{{ value_json.state }}",
                    **common,
                },
            },
            "availability": [{"topic": topics.status}, {"topic": availability}],
            "availability_mode": "all",
            "qos": 1,
        },
        ensure_ascii=False,
    )
