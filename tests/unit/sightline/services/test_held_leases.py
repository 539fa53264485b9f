"""Which process reads a camera, and what its messages carry."""

import pytest

from domain.cameras import Camera, ConnectionState, StreamCounters, StreamStatus
from domain.errors import StoreUnavailable
from domain.messages import StreamMessage
from sightline.services.held_leases import HeldLeases, LeasedPublisher
from tests.fakes.leases import FakeCameraLeases
from tests.fakes.ports import START, FakeClock

CAMERAS = [Camera(name, f"rtsp://h/{name}") for name in ("dock", "gate", "yard")]


class AwayLeases(FakeCameraLeases):
    away = False

    def acquire(self, camera: str, holder: str, **asked: object) -> int | None:
        if self.away:
            raise StoreUnavailable("away")
        return super().acquire(camera, holder, **asked)  # type: ignore[arg-type]


class Kept:
    def __init__(self) -> None:
        self.messages: list[StreamMessage] = []

    def publish(self, message: StreamMessage) -> bool:
        self.messages.append(message)
        return True

    def close(self) -> None: ...


def make_leases(leases: FakeCameraLeases, clock: FakeClock, holder: str, most: int | None = None) -> HeldLeases:
    return HeldLeases(leases, holder, clock, lease_s=30, max_cameras=most)


def status(name: str) -> StreamStatus:
    return StreamStatus(name, "s1", 0, START, ConnectionState.LIVE, "", START, StreamCounters())


def test_two_processes_never_hold_one_camera_and_share_by_their_bound() -> None:
    leases, clock = FakeCameraLeases(), FakeClock()
    first, second = make_leases(leases, clock, "a", most=2), make_leases(leases, clock, "b")

    for _ in range(40):
        first.refresh(CAMERAS)
        second.refresh(CAMERAS)
        assert (sorted(first.tokens), sorted(second.tokens)) == (["dock", "gate"], ["yard"])
        clock.advance(2)


def test_what_a_dead_process_held_is_taken_after_its_lease_under_a_higher_token() -> None:
    leases, clock = FakeCameraLeases(), FakeClock()
    dead, heir = make_leases(leases, clock, "a"), make_leases(leases, clock, "b")
    dead.refresh(CAMERAS)
    before = dict(dead.tokens)

    clock.advance(29)
    heir.refresh(CAMERAS)
    assert not heir.tokens
    clock.advance(2)
    heir.refresh(CAMERAS)

    assert all(heir.tokens[name] > before[name] for name in before)


def test_a_process_that_ends_gives_its_cameras_back_at_once() -> None:
    leases, clock = FakeCameraLeases(), FakeClock()
    first, second = make_leases(leases, clock, "a"), make_leases(leases, clock, "b")
    first.refresh(CAMERAS)
    first.release()
    second.refresh(CAMERAS)

    assert (len(first.tokens), len(second.tokens)) == (0, 3)


def test_a_lease_that_cannot_be_renewed_is_over_when_it_is_over_for_the_others() -> None:
    leases, clock = AwayLeases(), FakeClock()
    held = make_leases(leases, clock, "a")
    held.refresh(CAMERAS)
    leases.away = True

    clock.advance(29)
    with pytest.raises(StoreUnavailable):
        held.refresh(CAMERAS)
    assert len(held.tokens) == 3
    clock.advance(2)
    with pytest.raises(StoreUnavailable):
        held.refresh(CAMERAS)
    assert not held.tokens


def test_a_process_cut_off_for_longer_than_its_lease_goes_on_under_its_token_unless_it_was_replaced() -> None:
    leases, clock = AwayLeases(), FakeClock()
    held, heir = make_leases(leases, clock, "a"), make_leases(leases, clock, "b")
    held.refresh(CAMERAS)
    before = dict(held.tokens)
    leases.away = True
    clock.advance(300)
    with pytest.raises(StoreUnavailable):
        held.refresh(CAMERAS)
    leases.away = False
    heir.refresh(CAMERAS[:1])

    held.refresh(CAMERAS)

    assert held.tokens == {name: before[name] for name in ("gate", "yard")}
    assert leases.fences(before) == {"dock": 2, "gate": 0, "yard": 0}


def test_a_restart_in_order_keeps_what_was_sent_before_it() -> None:
    leases, clock = FakeCameraLeases(), FakeClock()
    before, after = make_leases(leases, clock, "a"), make_leases(leases, clock, "a again")
    before.refresh(CAMERAS)
    sent_under = dict(before.tokens)
    before.release()

    after.refresh(CAMERAS)

    assert all(after.tokens[name] > sent_under[name] >= leases.fences([name])[name] for name in sent_under)


def test_a_camera_that_was_removed_or_switched_off_is_given_back() -> None:
    leases, clock = FakeCameraLeases(), FakeClock()
    held = make_leases(leases, clock, "a")
    held.refresh(CAMERAS)

    held.refresh([CAMERAS[0], Camera("gate", "rtsp://h/gate", enabled=False)])

    assert list(held.tokens) == ["dock"]
    assert leases.acquire("yard", "b", now=clock.now(), ttl_s=30) is not None


def test_messages_carry_the_token_and_those_of_cameras_not_held_do_not_leave() -> None:
    clock, kept = FakeClock(), Kept()
    held = make_leases(FakeCameraLeases(), clock, "a", most=1)
    held.refresh(CAMERAS)
    publisher = LeasedPublisher(kept, held)

    assert publisher.publish(status("dock"))
    assert publisher.publish(status("gate"))

    assert [(message.stream_id, message.token) for message in kept.messages] == [("dock", 1)]
