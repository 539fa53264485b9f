"""What a reader shows of a session, decided on numbers alone."""

import pytest

from domain.cameras import ConnectionState
from ingest.supervise.camera_reader import choose_state

LIVE, STALLED, CONNECTING = ConnectionState.LIVE, ConnectionState.STALLED, ConnectionState.CONNECTING


@pytest.mark.parametrize(
    ("silent_s", "usual_s", "state"),
    [(None, 0.0, LIVE), (4.9, 0.04, LIVE), (5.1, 0.04, STALLED), (9.0, 5.0, LIVE), (15.1, 5.0, STALLED)],
)
def test_silence_is_held_against_what_is_usual(silent_s: float | None, usual_s: float, state: ConnectionState) -> None:
    assert choose_state(LIVE, "", silent_s, None, usual_s)[0] is state


@pytest.mark.parametrize("state", [LIVE, CONNECTING, STALLED])
def test_waiting_for_a_key_frame_keeps_the_state_and_says_how_long_and_what_to_do(state: ConnectionState) -> None:
    shown, reason = choose_state(state, "", 0.1, 78.4)
    assert shown is state
    assert "no key frame for 70 s" in reason
    assert "shorten the key-frame interval" in reason


def test_a_dead_connection_is_not_called_a_wait_for_a_key_frame() -> None:
    assert choose_state(LIVE, "", 6.0, 20.0) == (STALLED, "connected, but no video arrives")
