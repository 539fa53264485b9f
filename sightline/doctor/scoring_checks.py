"""Looks at what scores frames: device, networks, detectors, models. Needs PyTorch."""

import os
from collections.abc import Iterator

import torch

from detectors.models import runtime
from detectors.models.model_status import ModelState
from detectors.models.runtime import fast_precision
from detectors.registry import METRICS
from domain.errors import ConfigError
from domain.faults import Fault
from sightline.config.settings import Settings
from sightline.doctor.finding import Finding, Health, run_check
from sightline.models.configured_models import configure_detectors, list_model_statuses
from workers.frame_scoring.device import resolve_device, use_threads


def run_scoring_checks(settings: Settings) -> Iterator[Finding]:
    """Yield every finding about scoring, one after the other; none stops the next."""
    for subject, check in (("device", _check_device), ("networks", _check_networks), ("detectors", _check_detectors)):
        yield run_check(subject, check, settings)
    yield from _check_models(settings)


def _check_device(settings: Settings) -> Finding:
    device = resolve_device(settings.device)
    threads = use_threads(settings.threads)
    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{threads} of {os.cpu_count()} cores compute scores"
    )
    return Finding("device", Health.OK, f"{device.type}, {name} (PyTorch {torch.__version__})")


def _check_networks(settings: Settings) -> Finding:
    """What runs the networks of learned models; PyTorch alone on a CPU works and takes twice as long."""
    device = resolve_device(settings.device)
    if device.type != "cpu":
        return Finding("networks", Health.OK, f"PyTorch {torch.__version__} on {device.type}")
    return Finding(
        "networks",
        Health.OK if runtime.is_openvino_available() else Health.NOTE,
        runtime.describe_runtime(fast_precision()),
    )


def _check_detectors(settings: Settings) -> Finding:
    chosen = configure_detectors(settings)
    count = len(chosen.metrics.fingerprints) - 1 + len(chosen.models)
    return Finding("detectors", Health.OK, f"{count} detectors, {len(METRICS)} metrics, {len(Fault)} faults")


def _check_models(settings: Settings) -> Iterator[Finding]:
    """Say of every model whether it is on and why; one that was asked for and is off is a failure."""
    try:
        for status in list_model_statuses(settings):
            asked = status.choice.enabled is True or status.choice.path is not None
            health = Health.OK if status.state is ModelState.ON else Health.FAILED if asked else Health.NOTE
            yield Finding(f"model {status.model.name}", health, f"{status.state}, {status.summary}")
    except ConfigError as error:
        yield Finding("models", Health.FAILED, str(error))
