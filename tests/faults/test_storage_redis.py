"""Redis that dies, refuses or writes to disk: nothing waits for it, nothing is shown as true, no picture is written."""

import logging
import secrets
from collections.abc import Iterator
from itertools import islice

import pytest
import redis

from domain.errors import ConfigError, StoreUnavailable
from domain.units import StreamSnapshot
from storage.redis_live import RedisLiveState
from tests import services
from tests.contract.records import frame
from tests.fakes import START

GATE = StreamSnapshot("gate", START)


@pytest.fixture
def server() -> Iterator[services.Service]:
    """Give a server of this test's own, since the test ends it."""
    try:
        with services.redis() as server:
            yield server
    except services.Absent as error:
        services.absent(error)


@pytest.fixture
def live(server: services.Service) -> Iterator[RedisLiveState]:
    live = RedisLiveState(server.address, prefix=f"test-{secrets.token_hex(6)}", timeout_s=0.5)
    yield live
    live.close()


def test_a_dead_redis_stops_no_writer_and_is_said_once_each_way(
    server: services.Service, live: RedisLiveState, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    live.put(GATE)
    server.kill()
    for _ in range(3):
        live.put(GATE)
        live.put_picture(frame())
        live.remove("gate")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    server.start()
    live.put(GATE)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert live.get("gate") == GATE


def test_reading_a_dead_redis_says_that_the_present_is_unknown(server: services.Service, live: RedisLiveState) -> None:
    live.put(GATE)
    server.kill()
    for read in (lambda: live.get("gate"), live.all, lambda: live.picture("gate")):
        with pytest.raises(StoreUnavailable, match="unknown"):
            read()


def test_a_restarted_redis_knows_nothing_until_it_is_told(server: services.Service, live: RedisLiveState) -> None:
    live.put(GATE)
    server.kill()
    server.start()
    assert live.all() == {}


def test_a_subscriber_outlives_a_restart(server: services.Service, live: RedisLiveState) -> None:
    with live.subscribe() as heard:
        live.put(GATE)
        assert next(snapshot for snapshot in heard if snapshot is not None) == GATE
        server.kill()
        assert next(heard) is None
        server.start()
        for _ in islice(heard, 20):
            live.put(GATE)
            if next(heard) == GATE:
                return
    pytest.fail("the subscriber heard nothing after the restart")


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
        "watcher", enabled=True, passwords=["+s3cret"], commands=["+@all", "-config"], keys=["*"], channels=["*"]
    )
    live = RedisLiveState(server.address.replace("redis://", "redis://watcher:s3cret@"))
    live.put(GATE)
    live.put_picture(frame())
    assert live.get("gate") == GATE
    assert live.picture("gate") is None
    live.close()
    client.close()


def test_wrong_credentials_are_the_operators_to_correct_and_stay_unsaid(server: services.Service) -> None:
    live = RedisLiveState(server.address.replace("redis://", "redis://nobody:s3cret@"))
    with pytest.raises(ConfigError, match="refused the user or password") as caught:
        live.get("gate")
    assert "s3cret" not in str(caught.value) + str(caught.value.__cause__)
    live.close()


def test_an_address_that_is_none_names_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"live\.url"):
        RedisLiveState("http://localhost")
