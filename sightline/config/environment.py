"""The environment of this process. No other file of the product reads a setting from it."""

import os
from collections.abc import Mapping

ENVIRONMENT: Mapping[str, str] = os.environ
