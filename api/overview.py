"""All cameras as they are now, worst first: the one place that joins the camera list with the live state.

The page, the API and the metrics ask here, so that no two views disagree. Retired cameras drop out of all of them.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from api.backend import Backend
from api.camera_rows import CameraRow
from api.camera_status import CameraState


@dataclass(frozen=True, slots=True)
class Overview:
    """`store` is "" or why the store is unavailable; the cameras are then the last ones known. `live` is "" or why the
    live state is, and that all of this was read from the store.
    """

    now: datetime
    rows: tuple[CameraRow, ...]
    store: str = ""
    live: str = ""

    @property
    def counts(self) -> Mapping[CameraState, int]:
        found = Counter(row.status.state for row in self.rows)
        return {state: found[state] for state in CameraState}


def read_overview(backend: Backend) -> Overview:
    now = backend.clock.now()
    listing = backend.camera_cache.read()
    present = backend.live_snapshots.read(listing.cameras)
    rows = [backend.rows.read(camera, present, now) for camera in listing.cameras.values()]
    rows.sort(key=lambda each: (*each.status.urgency, each.camera.site, each.camera.name))
    return Overview(now, tuple(rows), listing.outage, present.outage)
