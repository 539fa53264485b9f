"""Chooses where tensors live."""

import torch

from domain.errors import ConfigError


def resolved_device(name: str) -> torch.device:
    """Return the device for `cpu`, `cuda` or `auto` (CUDA where PyTorch finds it, else CPU).

    Raises `ConfigError` when CUDA is asked for by name and absent, because a silent fall back to the CPU would drop
    most frames of a large site.
    """
    if name not in {"auto", "cpu", "cuda"}:
        raise ConfigError(f"device: '{name}' is not one of auto, cpu, cuda")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError(
            "device: cuda was asked for, but PyTorch finds no CUDA device; check the driver with nvidia-smi, "
            "install a CUDA build of torch, or set device: auto"
        )
    return torch.device("cuda" if available and name != "cpu" else "cpu")
