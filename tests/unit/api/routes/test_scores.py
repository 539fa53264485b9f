from datetime import timedelta

import pytest

from api.routes.scores import MAX_METRICS
from domain.baselines import LightMode
from domain.cameras import Camera
from domain.faults import Verdict, VerdictState
from domain.messages import BatchResult, VerdictChange
from domain.verdict_time import TimeState, VerdictSpan
from tests.unit.api.conftest import Caller
from tests.unit.api.sample_cameras import SampleCameras, blur_verdict

SCORES = "/api/v1/cameras/gate/scores"


@pytest.fixture(autouse=True)
def gate(stage: SampleCameras) -> None:
    stage.healthy(Camera("gate", "rtsp://h/1"))
    stage.past("gate", {"luma_mean": 0.4, "edge_width": 2.0}, minutes=30)
    stage.scores.roll_up(stage.clock.now())


def test_a_metric_over_the_last_ten_minutes(api: Caller) -> None:
    answer = api.get(SCORES, params={"metric": "luma_mean"}).json()
    assert (answer["resolution"], answer["thinned"]) == ("frame", False)
    points = answer["series"]["luma_mean"]
    assert len(points) == 60
    assert points == sorted(points, key=lambda point: point["at"])
    assert all(0.38 <= point["mean"] <= 0.42 for point in points)


def test_many_metrics_in_one_answer_each_once(api: Caller) -> None:
    answer = api.get(SCORES, params={"metric": ["luma_mean", "edge_width", "luma_mean"]}).json()
    assert list(answer["series"]) == ["luma_mean", "edge_width"]


def test_rolled_up_scores(api: Caller, stage: SampleCameras) -> None:
    since = (stage.clock.now() - timedelta(minutes=30)).isoformat()
    answer = api.get(SCORES, params={"metric": "luma_mean", "since": since, "resolution": "minute"}).json()
    assert [point["count"] for point in answer["series"]["luma_mean"]] == [6] * 30


def test_a_long_series_is_thinned_and_says_so(api: Caller) -> None:
    answer = api.get(SCORES, params={"metric": "luma_mean", "points": 12}).json()
    assert answer["thinned"] is True
    assert sum(point["count"] for point in answer["series"]["luma_mean"]) == 60
    assert len(answer["series"]["luma_mean"]) <= 12


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "metric: needed, but not given"),
        ("metric=nonsense", "metric: there is no metric 'nonsense'; /api/v1/metrics lists them"),
        ("metric=luma_mean&since=yesterday", "since: must be a time such as"),
        ("metric=luma_mean&resolution=week", "resolution: must be one of 'frame', 'minute', 'hour' or 'day'"),
        ("metric=luma_mean&since=2000-01-01T00:00:00Z", "at most 3660 days"),
        ("metric=luma_mean&since=2026-01-01&resolution=frame", "too long for resolution frame"),
        ("metric=luma_mean&points=99999", "points: must be 2000 or less"),
        ("&".join(["metric=luma_mean"] * (MAX_METRICS + 1)), "metric: must hold at most 64 entries"),
    ],
)
def test_a_question_that_cannot_be_answered_gets_one_sentence(api: Caller, query: str, says: str) -> None:
    answer = api.get(f"{SCORES}?{query}")
    assert answer.status_code == 422
    assert answer.json().keys() == {"error"}
    assert says in answer.json()["error"]


def test_verdicts_over_time(api: Caller, stage: SampleCameras) -> None:
    now = stage.clock.now()
    good = Verdict(blur_verdict().fault, VerdictState.OK)
    changes = (
        VerdictChange("gate", good, now - timedelta(minutes=9)),
        VerdictChange("gate", blur_verdict(), now - timedelta(minutes=2)),
        VerdictChange("gate", good, now - timedelta(minutes=50)),
    )
    stage.scores.add(BatchResult(verdicts=changes))
    answer = api.get("/api/v1/cameras/gate/verdicts").json()
    assert [change["state"] for change in answer] == ["ok", "fault"]
    assert answer[1]["evidence"]["value"] == 7.1


def test_the_timeline_says_state_cause_and_light(api: Caller, stage: SampleCameras) -> None:
    now = stage.clock.now()
    fault = VerdictSpan("gate", now - timedelta(minutes=4), now, TimeState.FAULT, "blur", LightMode.NIGHT)
    early = VerdictSpan("gate", now - timedelta(hours=3), now - timedelta(minutes=4), TimeState.OK, "learning")
    stage.scores.add(BatchResult(spans=(early, fault)))
    answer = api.get("/api/v1/cameras/gate/timeline").json()
    assert [(each["state"], each["label"], each["light"]) for each in answer["spans"]] == [
        ("ok", "some checks still lacked their baseline", None),
        ("fault", "out of focus", "night"),
    ]
    assert answer["complete"] is True
    later = api.get("/api/v1/cameras/gate/timeline", params={"since": (now - timedelta(minutes=2)).isoformat()}).json()
    assert [each["state"] for each in later["spans"]] == ["fault"]


def test_a_timeline_of_many_years_is_refused(api: Caller) -> None:
    answer = api.get("/api/v1/cameras/gate/timeline", params={"since": "2024-01-01"})
    assert (answer.status_code, answer.json()["error"]) == (
        422,
        "at most 366 days of states can be asked for at once",
    )
