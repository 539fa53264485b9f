"""What every end-to-end test gets."""

import pytest

from tests.loaded_models import load_models_once


@pytest.fixture(autouse=True)
def _models_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    load_models_once(monkeypatch)
