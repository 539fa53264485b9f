"""How well a detector agrees with people: every measure of the IQA papers with its 95 % bootstrap interval."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np
import torch

from detectors.base import Detector, Pictures
from training.biq2021 import LabelledPicture
from training.crops import Pixels, decoded
from training.logistic import Form, fit
from training.metrics import Values, bootstrap_interval, krcc, mae, plcc, rmse, srocc

BATCH = 16


@dataclass(frozen=True, slots=True)
class Agreement:
    """Measures on `n` pictures; rmse and mae in points of 100; `intervals` hold srocc's, plcc's and rmse's 95 %."""

    n: int
    srocc: float
    plcc: float
    krcc: float
    rmse: float
    mae: float
    plcc_fitted: float
    rmse_fitted: float
    fitted_form: Form
    intervals: dict[str, tuple[float, float]]

    def as_json(self) -> dict[str, object]:
        """Plain values under the names above; null for a correlation that does not exist."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def agreement(predicted: Values, labels: Values) -> Agreement:
    """All measures of predictions (N,) against labels (N,), both 0 to 100."""
    fitted = fit(predicted, labels)
    return Agreement(
        n=len(labels),
        srocc=srocc(predicted, labels),
        plcc=plcc(predicted, labels),
        krcc=krcc(predicted, labels),
        rmse=rmse(predicted, labels),
        mae=mae(predicted, labels),
        plcc_fitted=plcc(fitted.fitted, labels),
        rmse_fitted=rmse(fitted.fitted, labels),
        fitted_form=fitted.form,
        intervals={measure.__name__: bootstrap_interval(measure, predicted, labels) for measure in (srocc, plcc, rmse)},
    )


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def predictions(detector: Detector, metric: str, pictures: Sequence[LabelledPicture]) -> Values:
    """The detector's `metric` for each picture at its own size, (N,); pictures in a row of one size share a batch."""
    scores: list[float] = []
    for batch in _batches(decoded(picture.path) for picture in pictures):
        rgb = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float() / 255
        scores.extend(detector.score(Pictures.from_rgb(rgb))[metric].tolist())
    return np.array(scores)


def _batches(pictures: Iterable[Pixels]) -> Iterable[list[Pixels]]:
    for _, same_size in groupby(pictures, key=lambda picture: picture.shape):
        batch: list[Pixels] = []
        for picture in same_size:
            batch.append(picture)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch
