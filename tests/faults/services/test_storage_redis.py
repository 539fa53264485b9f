"""Redis that dies, refuses or writes to disk: nothing waits for it, nothing is shown as true, no picture is written."""

import logging
import secrets
import time
from collections.abc import Iterator

import pytest
import redis

from domain.errors import ConfigError, StoreUnavailable
from domain.messages import StreamSnapshot
from storage.live.redis_live_state import PAUSE_S, RedisLiveState
from tests import services
from tests.contract.records import frame
from tests.fakes.ports import START
from transport.codec import PictureCodec

GATE = StreamSnapshot("gate", START)


@pytest.fixture
def server() -> Iterator[services.Service]:
    """Give a server of this test's own, since the test ends it."""
    try:
        with services.redis() as server:
            yield server
    except services.ServiceMissing as error:
        services.absent(error)


class SteppedSeconds:
    """A clock of seconds that moves only when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> SteppedSeconds:
    return SteppedSeconds()


@pytest.fixture
def live(server: services.Service, seconds: SteppedSeconds) -> Iterator[RedisLiveState]:
    live = RedisLiveState(
        server.address, prefix=f"test-{secrets.token_hex(6)}", timeout_s=0.5, seconds=seconds, pictures=PictureCodec()
    )
    yield live
    live.close()


def test_a_dead_redis_stops_no_writer_and_is_said_once_each_way(
    server: services.Service, live: RedisLiveState, seconds: SteppedSeconds, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    live.put(GATE)
    server.kill()
    for _ in range(3):
        seconds.now += PAUSE_S
        live.put(GATE)
        live.put_picture(frame())
        live.remove("gate")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    server.start()
    seconds.now += PAUSE_S
    live.put(GATE)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert live.get("gate") == GATE


def test_a_redis_that_swallows_everything_costs_one_time_limit_and_not_one_a_stream(
    server: services.Service, live: RedisLiveState
) -> None:
    live.put(GATE)
    client = redis.Redis.from_url(server.address)
    client.client_pause(60_000)
    began = time.monotonic()
    for _ in range(100):
        live.put(GATE)
    assert time.monotonic() - began < 5  # a hundred limits of 0.5 s would be 50
    client.close()


def test_reading_a_dead_redis_says_that_it_is_away(server: services.Service, live: RedisLiveState) -> None:
    live.put(GATE)
    server.kill()
    for read in (lambda: live.get("gate"), live.all, lambda: live.picture("gate")):
        with pytest.raises(StoreUnavailable, match="Redis cannot be reached"):
            read()


def test_a_restarted_redis_knows_nothing_until_something_is_put(server: services.Service, live: RedisLiveState) -> None:
    live.put(GATE)
    server.kill()
    server.start()
    assert live.all() == {}


def test_a_redis_that_writes_to_disk_gets_no_picture(server: services.Service, live: RedisLiveState) -> None:
    client = redis.Redis.from_url(server.address)
    client.config_set("save", "3600 1")
    live.put_picture(frame())
    assert not live.keeps_pictures()
    assert live.picture("gate") is None
    client.close()


def test_a_redis_that_hides_its_settings_gets_no_picture(server: services.Service) -> None:
    client = redis.Redis.from_url(server.address)
    client.acl_setuser(
        "watcher", enabled=True, passwords=["+hunter2x"], commands=["+@all", "-config"], keys=["*"], channels=["*"]
    )
    live = RedisLiveState(server.address.replace("redis://", "redis://watcher:hunter2x@"))
    live.put(GATE)
    live.put_picture(frame())
    assert live.get("gate") == GATE
    assert live.picture("gate") is None
    live.close()
    client.close()


def test_wrong_credentials_are_the_operators_to_correct_and_stay_unsaid(server: services.Service) -> None:
    live = RedisLiveState(server.address.replace("redis://", "redis://nobody:hunter2x@"))
    with pytest.raises(ConfigError, match="refused the user or password") as caught:
        live.get("gate")
    assert "hunter2x" not in str(caught.value) + str(caught.value.__cause__)
    live.close()


def test_an_address_that_is_none_names_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"live\.url"):
        RedisLiveState("http://localhost")
