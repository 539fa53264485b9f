"""What the API answers about scores."""

from pydantic import BaseModel

from api.schemas.values import Number, RecordAnswer, Time, VerdictAnswer
from domain.records import Resolution


class PointAnswer(RecordAnswer):
    """Mean, least and greatest of `count` frames from `at` on."""

    at: Time
    mean: Number
    low: Number
    high: Number
    count: int


class ScoresAnswer(BaseModel):
    """`series` maps metric to its points, oldest first; `thinned` says that neighbours were joined."""

    name: str
    since: Time
    until: Time
    resolution: Resolution
    thinned: bool
    series: dict[str, list[PointAnswer]]


class ChangeAnswer(VerdictAnswer):
    at: Time
