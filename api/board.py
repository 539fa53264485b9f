"""All cameras as they stand now, worst first: the one place that joins the roster with the live state.

The page, the API and the metrics ask here, so that no two views disagree. Retired cameras drop out of all of them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.backend import Backend
from api.presence import Present
from api.standing import CameraState, Standing, standing
from domain.streams import Camera
from domain.units import StreamSnapshot


@dataclass(frozen=True, slots=True)
class Place:
    """One camera on the board; `snapshot` is None where nothing is known of now.

    `stored` tells that it was read from the database, whose rows hold no counters of ingest.
    """

    camera: Camera
    standing: Standing
    snapshot: StreamSnapshot | None
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """`store` is "" or why the store is away; the cameras are then the last ones known. `live` is "" or why the live
    state is, and that all of this was read from the store.
    """

    now: datetime
    places: tuple[Place, ...]
    store: str = ""
    live: str = ""

    @property
    def counts(self) -> Mapping[CameraState, int]:
        found = Counter(place.standing.state for place in self.places)
        return {state: found[state] for state in CameraState}


def place(camera: Camera, present: Present, now: datetime) -> Place:
    """Return the camera's place; a snapshot that says nothing about now is left out of it."""
    snapshot = present.snapshots.get(camera.name)
    stands = standing(camera, snapshot, now)
    known = stands.state not in (CameraState.UNKNOWN, CameraState.OFF)
    return Place(camera, stands, snapshot if known else None, stored=bool(present.away))


def board(backend: Backend) -> Board:
    now = backend.clock.now()
    listing = backend.roster.listing()
    present = backend.presence.of(listing.cameras)
    places = [place(camera, present, now) for camera in listing.cameras.values()]
    places.sort(key=lambda each: (*each.standing.badness, each.camera.site, each.camera.name))
    return Board(now, tuple(places), listing.away, present.away)
