"""Asks cameras that have an incident what they say of their picture themselves, and writes it into its log.

It is evidence beside Sightline's own: without an incident no camera is asked, and an answer changes no verdict.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from domain.alerts import Incident, IncidentAction, IncidentLogEntry, IncidentState
from domain.cameras import Camera
from domain.errors import SourceUnavailable
from domain.faults import Fault
from domain.ports import AlertStore, Clock, StreamStore
from domain.text.camera_urls import split_credentials
from ingest.connect.authentication import Login
from ingest.connect.endpoints import Endpoint, parse_endpoint
from ingest.onvif.image_events import ImageEvent, read_image_events
from ingest.onvif.session import DEVICE_PATH
from sightline.config.own_machine import is_this_machine

_log = logging.getLogger(__name__)

EVERY_S = 15.0
AT_ONCE = 4
"""Cameras that are asked side by side, each by one connection."""
MOST_TRIES = 2
AGAIN_AFTER = timedelta(minutes=10)
_MOST_INCIDENTS = 500
BY = "the camera itself"
"""Who says it, in the log of an incident."""

SAME_FINDING: Mapping[ImageEvent, frozenset[Fault]] = {
    ImageEvent.TOO_BLURRY: frozenset({Fault.BLUR, Fault.COVERED, Fault.LOW_CONTRAST}),
    ImageEvent.TOO_DARK: frozenset({Fault.TOO_DARK, Fault.BLACK, Fault.COVERED}),
    ImageEvent.TOO_BRIGHT: frozenset({Fault.TOO_BRIGHT, Fault.GLARE}),
    ImageEvent.SCENE_CHANGE: frozenset({Fault.CAMERA_MOVED, Fault.COVERED}),
    ImageEvent.IMPAIRED: frozenset({Fault.COVERED, Fault.LOW_CONTRAST, Fault.BLUR}),
}
"""The faults that an event of the camera speaks for."""
_ASKED_ABOUT = frozenset().union(*SAME_FINDING.values())

Read = Callable[[Endpoint, Login], Mapping[ImageEvent, bool]]


class CameraEvents:
    """Asks for each open incident of one camera, at most twice, and once when it answers."""

    def __init__(
        self,
        streams: StreamStore,
        alerts: AlertStore,
        clock: Clock,
        *,
        port_of: Callable[[str], tuple[str, int]],
        read: Read = read_image_events,
        is_own: Callable[[str], bool] = is_this_machine,
    ) -> None:
        """`port_of` gives the scheme and the port of ONVIF on a camera by its name; `is_own` says which hosts are this
        machine and are not asked.
        """
        self._streams = streams
        self._alerts = alerts
        self._clock = clock
        self._port_of = port_of
        self._read = read
        self._is_own = is_own
        self._tries: dict[str, tuple[int, datetime]] = {}

    def run_once(self) -> None:
        """Ask a few of the cameras that are due. Raises `StoreUnavailable`."""
        now = self._clock.now()
        still_open = self._alerts.incidents(state=IncidentState.OPEN, limit=_MOST_INCIDENTS)
        ids = {each.incident_id for each in still_open}
        self._tries = {key: tries for key, tries in self._tries.items() if key in ids}
        wanted = [each for each in still_open if each.headline in _ASKED_ABOUT and self._is_due(each, now)]
        if not wanted:
            return
        cameras = {camera.name: camera for camera in self._streams.cameras()}
        hosts = Counter(_host(camera) for camera in cameras.values())
        chosen: dict[str, tuple[Incident, Camera]] = {}
        for incident in wanted:
            camera = cameras.get(incident.stream_id)
            if camera is None or not self._may_ask(camera, hosts) or self._is_answered(incident):
                self._tries[incident.incident_id] = MOST_TRIES, now
            elif len(chosen) < AT_ONCE:
                chosen.setdefault(camera.name, (incident, camera))  # one conversation a camera
        self._ask(list(chosen.values()), now)

    def _is_due(self, incident: Incident, now: datetime) -> bool:
        tries, at = self._tries.get(incident.incident_id, (0, now))
        return tries == 0 or (tries < MOST_TRIES and abs(now - at) >= AGAIN_AFTER)

    def _may_ask(self, camera: Camera, hosts: Mapping[str, int]) -> bool:
        """A recorder answers for many cameras and does not say which; this machine's own services are not called."""
        host = _host(camera)
        return bool(host) and hosts[host] == 1 and not self._is_own(host)

    def _is_answered(self, incident: Incident) -> bool:
        return any(each.by == BY for each in self._alerts.incident_log(incident.incident_id))

    def _ask(self, chosen: Sequence[tuple[Incident, Camera]], now: datetime) -> None:
        if not chosen:
            return
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="onvif") as pool:
            answers = list(pool.map(lambda each: self._read_camera(each[1]), chosen))
        for (incident, _), states in zip(chosen, answers, strict=True):
            tries = self._tries.get(incident.incident_id, (0, now))[0] + 1
            self._tries[incident.incident_id] = (tries if states is None else MOST_TRIES), now
            if states:
                note = describe_states(states, incident.headline)
                entry = IncidentLogEntry(incident.incident_id, now, BY, IncidentAction.COMMENT, note=note)
                self._alerts.record_work(entry)

    def _read_camera(self, camera: Camera) -> Mapping[ImageEvent, bool] | None:
        """Return what a camera says, None where it did not answer."""
        scheme, port = self._port_of(camera.name)
        endpoint = Endpoint(scheme, _host(camera), port, DEVICE_PATH)
        try:
            return self._read(endpoint, Login(*split_credentials(camera.url)))
        except SourceUnavailable as error:
            _log.info("%s does not say what it thinks of its picture (ONVIF): %s", camera.name, error)
            return None


def describe_states(states: Mapping[ImageEvent, bool], fault: Fault) -> str:
    """Return in one sentence what a camera says, and whether it agrees."""
    on = [event for event, state in states.items() if state]
    if not on:
        return f"reports none of its image events ({', '.join(states)})"
    agrees = any(fault in SAME_FINDING[event] for event in on)
    return f"reports {', '.join(on)}{', which agrees with this incident' if agrees else ''}"


def _host(camera: Camera) -> str:
    """Return the host of a camera in the network, "" for any other."""
    if not camera.url.lower().startswith(("rtsp", "http")):
        return ""
    try:
        return parse_endpoint(camera.url).host
    except SourceUnavailable:
        return ""
