"""Where trainings run."""

import torch


def fastest_device() -> torch.device:
    """The first GPU where PyTorch sees one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
