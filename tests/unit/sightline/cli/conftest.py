"""Each test of a command starts as a new process does: without the secrets that another one has read."""

import pytest

from sightline.cli import console
from sightline.runtime.logging_setup import KnownSecrets


@pytest.fixture(autouse=True)
def forget_secrets() -> None:
    console.redactor._known = KnownSecrets(())
