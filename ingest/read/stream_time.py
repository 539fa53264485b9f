"""The stream's own seconds, from a camera's timestamps held against the arrival of its packets. Pure functions.

A timestamp is a claim. FFmpeg invents some (25 a second for JPEG pictures over HTTP, whatever their pace), cameras
count some at the wrong rate or set their clocks. Arrival is true in the long run and rough in the short: a network
holds packets back and hands them over in a burst. So the steps of timestamps are used while they keep pace with
arrival, else those of arrival.
"""

from typing import NamedTuple

LONGEST_STEP_S = 10.0
"""Of a live stream: a camera silent for this long is taken for dead, so a longer step is its clock being set."""
LONGEST_LEAD_S = 5.0
"""How far timestamps may run ahead of arrival: a server's buffer at the start, a segment of HLS."""
LONGEST_LAG_S = 12.0
"""How much of what timestamps fell behind they may make up for: the longest pause a session outlives, and a little."""
BOUT_S = 2.0
"""Timestamps and arrival are compared over stretches of this long, the longest pause within left out."""
SLOW = 1.5
"""Timestamps that advance so many times too slowly are not believed; believed again within the same factor."""
GOOD_BOUTS = 2
LONGEST_HOLE_S = 12 * 3600.0
"""Of a recording: longer steps are what a counter of 32 bits at 90 kHz makes of a wrap-around (13 h)."""


class StreamTime(NamedTuple):
    """The time of a stream, and what its next step is decided by. All in seconds."""

    now_s: float = 0.0
    """The stream's time; non-decreasing."""
    pts_s: float | None = None
    """The last timestamp; None before the first."""
    arrived_s: float | None = None
    """When its packet arrived, by this machine's clock."""
    lead_s: float = 0.0
    """How far the timestamps ran ahead of arrival."""
    bout_stamps_s: float = 0.0
    """Timestamps of the present bout."""
    bout_arrival_s: float = 0.0
    """Arrival in the present bout."""
    bout_pause_s: float = 0.0
    """Longest pause in it."""
    believed: bool = True
    """Whether timestamps set the time."""
    good_bouts: int = 0
    """Bouts in a row in which timestamps kept pace."""


def advance_live(time: StreamTime, pts_s: float | None, arrived_s: float) -> StreamTime:
    """Return a live stream's time at a packet or picture with this timestamp (None: absent) that arrived now.

    `arrived_s` is monotonic. A step back, no step, one of more than ten seconds, one that would run far ahead of
    arrival and an absent timestamp count as the time that passed here; so do all while timestamps are too slow to be
    believed.
    """
    if time.arrived_s is None:
        return StreamTime(0.0, pts_s, arrived_s)
    passed_s = max(0.0, arrived_s - time.arrived_s)
    step_s = passed_s if pts_s is None or time.pts_s is None else pts_s - time.pts_s
    if not 0.0 < step_s <= LONGEST_STEP_S or time.lead_s + step_s - passed_s > LONGEST_LEAD_S:
        step_s = passed_s
    return _judge_bout(
        StreamTime(
            now_s=time.now_s + (step_s if time.believed else passed_s),
            pts_s=pts_s,
            arrived_s=arrived_s,
            lead_s=max(-LONGEST_LAG_S, time.lead_s + step_s - passed_s),
            bout_stamps_s=time.bout_stamps_s + step_s,
            bout_arrival_s=time.bout_arrival_s + passed_s,
            bout_pause_s=max(time.bout_pause_s, passed_s),
            believed=time.believed,
            good_bouts=time.good_bouts,
        )
    )


def _judge_bout(time: StreamTime) -> StreamTime:
    """Return the time with its belief, once the bout is long enough to judge.

    What arrives in a burst after a pause has its timestamps counted and the pause left out: a pause never looks slow.
    """
    steady_s = time.bout_arrival_s - time.bout_pause_s
    if steady_s < BOUT_S:
        return time
    fresh = time._replace(bout_stamps_s=0.0, bout_arrival_s=0.0, bout_pause_s=0.0)
    if steady_s > SLOW * time.bout_stamps_s:
        # What was missed while they were believed is made up for at once.
        missed_s = steady_s - time.bout_stamps_s if time.believed else 0.0
        return fresh._replace(now_s=time.now_s + missed_s, believed=False, good_bouts=0)
    good_bouts = time.good_bouts + 1
    return fresh._replace(believed=time.believed or good_bouts >= GOOD_BOUTS, good_bouts=good_bouts)


def advance_recording(time: StreamTime, pts_s: float | None, nominal_s: float) -> StreamTime:
    """Return a recording's time at this timestamp: its own, holes and all; how fast it is read says nothing.

    Where it has none, goes back or jumps by half a day, the nominal time counts (`nominal_s`: packets read by frame
    rate).
    """
    if time.arrived_s is None:
        return StreamTime(0.0, pts_s, nominal_s)
    step_s = -1.0 if pts_s is None or time.pts_s is None else pts_s - time.pts_s
    if not 0.0 < step_s <= LONGEST_HOLE_S:
        step_s = max(0.0, nominal_s - time.arrived_s)
    return StreamTime(time.now_s + step_s, pts_s, nominal_s)
