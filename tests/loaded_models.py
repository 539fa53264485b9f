"""Networks with their weights, built and translated once in each test process instead of once in each test.

Building and translating the default models takes two seconds of CPU, a picture a few milliseconds. What is shared is
the real detector; it keeps nothing of a picture. Tests that look at the loading itself do not use this.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from detectors.models import model_status
from detectors.models.catalogue import Model
from detectors.models.model_choice import ModelChoice
from detectors.models.model_status import ModelStatus
from detectors.models.pictures import Detector
from detectors.models.runtime import fast_precision

_loaded: dict[tuple[object, ...], Detector] = {}


def load_models_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `check_model` give the detector that an earlier test loaded from the same weights with the same options."""
    check = model_status.check_model

    def check_once(
        model: Model, choice: ModelChoice, downloads: Path | None, *, load: bool = True, **options: Any
    ) -> ModelStatus:
        status = check(model, choice, downloads, load=False, **options)
        if not load or status.weights is None or model.detector is None:
            return status
        key = (model.name, status.weights.sha256, str(status.weights.path), repr(choice.options), fast_precision())
        if key not in _loaded:
            status = check(model, choice, downloads, **options)
            if status.detector is None:
                return status
            _loaded[key] = status.detector
        return replace(status, detector=_loaded[key])

    monkeypatch.setattr(model_status, "check_model", check_once)
