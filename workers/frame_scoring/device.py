"""Chooses where tensors live, and how many cores compute with them."""

import os

import torch

from domain.errors import ConfigError


def resolve_device(name: str) -> torch.device:
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


def use_threads(count: int | None) -> int:
    """Let torch compute with `count` threads, None for half the cores; return how many.

    Reading cameras needs the other half. More threads than free cores make torch's spin on each other: on two busy
    cores, two threads were five times slower than one.
    """
    chosen = count if count is not None else max(1, (os.cpu_count() or 2) // 2)
    torch.set_num_threads(chosen)
    return chosen
