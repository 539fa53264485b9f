from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from api.time_range import EARLIEST_REQUEST_TIME, LATEST_REQUEST_TIME, RequestTime, validate_time
from domain.cameras import Camera
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import SampleCameras

EXTREME = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "-0001-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.999999999Z",
    "10000-01-01T00:00:00Z",
    "+10000-01-01",
    "2026-03-01T00:00:00+99:99",
    "2026-03-01T25:61:61Z",
    "2026-02-30",
    "1e400",
    "-1e18",
    "99999999999999999999",
    "inf",
    "-Infinity",
    "NaN",
    "now",
    "",
    "2026-03-01T00:00:00 Europe/Berlin",
)


@pytest.mark.parametrize("text", EXTREME)
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cameras/gate/scores?metric=luma_mean&since={}",
        "/api/v1/cameras/gate/scores?metric=luma_mean&until={}",
        "/api/v1/cameras/gate/verdicts?since={}",
        "/api/v1/incidents?before={}",
    ],
)
def test_an_extreme_time_is_refused_in_one_sentence(api: Caller, stage: SampleCameras, text: str, path: str) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    answer = api.get(path.format(text.replace("+", "%2B").replace(" ", "%20")))
    assert answer.status_code == 422, answer.text
    assert set(answer.json()) == {"error"}


def test_a_time_is_taken_in_any_zone_and_as_utc_without_one() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert validate_time(datetime(2026, 3, 1, 12)) == noon
    assert validate_time(noon.astimezone(timezone(timedelta(hours=14)))) == noon
    assert validate_time(noon.astimezone(timezone(timedelta(hours=14)))).tzinfo is UTC
    moment = TypeAdapter(RequestTime)
    assert moment.validate_python("2026-03-01T12:00:00.123456789Z") == noon.replace(microsecond=123456)
    assert moment.validate_python("2026-03-01T23:00:00-01:00") == datetime(2026, 3, 2, tzinfo=UTC)
    for edge in (EARLIEST_REQUEST_TIME, LATEST_REQUEST_TIME - timedelta(microseconds=1)):
        assert moment.validate_python(edge.isoformat()) == edge
    with pytest.raises(ValidationError, match="between 1970 and 2199"):
        moment.validate_python(LATEST_REQUEST_TIME.isoformat())
