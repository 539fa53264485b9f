"""How trained networks run: by OpenVINO on a CPU where it is installed, by PyTorch otherwise and on a GPU.

OpenVINO takes half of PyTorch's time for the same arithmetic (docs/capacity.md): it fuses activations and additions
into the convolutions and keeps weights in the order the processor wants them.
"""

import copy
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

_log = logging.getLogger(__name__)

PACKAGE = "openvino"
EXAMPLE_SIDE = 64
_only_pytorch = ContextVar("only_pytorch", default=False)
_device_type = ContextVar("scoring_device", default="cpu")
_HINTS = {torch.float32: "f32", torch.bfloat16: "bf16"}

Network = TypeVar("Network", bound=nn.Module)
Array: TypeAlias = NDArray[np.float32]
Function: TypeAlias = Callable[[Any, Tensor], Tensor]
"""`function(trunk, pictures)`: what is asked of a trunk, (N, features) for (N, 3, H, W)."""


class FeatureExtractor:
    """What a network's trunk finds in pictures, in the quickest way there is; float32 in and out.

    OpenVINO is given one picture after the other: batches gain nothing on a CPU, and so the same picture gets exactly
    the same features in any batch. It translates the trunk when the first picture comes, in about a second, for as
    many threads as PyTorch has then. Safe to call from several threads.
    """

    def __init__(
        self,
        function: Function,
        trunk: nn.Module,
        precision: torch.dtype,
        size: tuple[int, int] | None = None,
        channels: int = 3,
    ) -> None:
        """`trunk`, evaluating and in single precision, learns no more; it runs in `precision`, float32 or bfloat16.

        `function` may sum over places, in float32; a head belongs behind, where its answer is not rounded. `size` is
        the height and width of every picture, None where they differ, which takes a tenth longer. `channels` is more
        than three where the pictures are another trunk's maps.
        """
        self._function = function
        self._shape = (channels, *(size or (-1, -1)))
        self._trunk = trunk.requires_grad_(False)
        self._precision = precision
        self._eager: tuple[torch.device, nn.Module] | None = None
        self._infer: Callable[[Array], Array] | None = None
        self._untranslatable = False
        self._lock = threading.Lock()

    def __call__(self, pictures: Tensor) -> Tensor:
        """(N, features) float32 of pictures (N, 3, H, W) float32, normalised as the trunk wants them."""
        with self._lock:
            if pictures.device.type == "cpu" and self._try_translate():
                return self._one_by_one(pictures)
            return self._by_pytorch(pictures)

    def _try_translate(self) -> bool:
        if _only_pytorch.get():
            return False
        if self._infer is None and not self._untranslatable and is_openvino_available():
            try:
                self._infer = _compile_trunk(self._function, self._trunk, self._precision, self._shape)
            except (RuntimeError, ImportError, AttributeError) as error:
                # Slower is better than blind: what this processor or these versions lack together, PyTorch has.
                self._untranslatable = True
                reason = (str(error) or type(error).__name__).splitlines()[0]
                _log.warning("OpenVINO cannot run a network, PyTorch does: %s", reason)
        return self._infer is not None

    def _one_by_one(self, pictures: Tensor) -> Tensor:
        assert self._infer is not None
        alone = pictures.contiguous().numpy()
        return torch.cat([torch.from_numpy(self._infer(alone[i : i + 1])) for i in range(len(alone))])

    def _by_pytorch(self, pictures: Tensor) -> Tensor:
        if self._eager is None or self._eager[0] != pictures.device:
            trunk = copy.deepcopy(self._trunk).to(pictures.device, self._precision)
            self._eager = pictures.device, trunk.to(memory_format=torch.channels_last)
        ready = pictures.to(self._precision).contiguous(memory_format=torch.channels_last)
        return self._function(self._eager[1], ready)


@contextmanager
def use_pytorch_only() -> Iterator[None]:
    """Within, networks run by PyTorch whatever is installed, for comparison; in this thread alone."""
    before = _only_pytorch.set(True)
    try:
        yield
    finally:
        _only_pytorch.reset(before)


@contextmanager
def use_device(device: torch.device) -> Iterator[None]:
    """Within, models are loaded to score on `device`, which decides their precision; in this thread alone."""
    before = _device_type.set(device.type)
    try:
        yield
    finally:
        _device_type.reset(before)


def fast_precision(device: torch.device | None = None) -> torch.dtype:
    """bfloat16 where `device` multiplies it, which halves the time; else float32 (docs/capacity.md).

    None asks the device that models are loaded for (`use_device`), which is the CPU unless said otherwise.
    """
    if (_device_type.get() if device is None else device.type) == "cuda":
        fast = torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
        fast = bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return torch.bfloat16 if fast else torch.float32


def name_arithmetic(precision: torch.dtype, *, translated: bool = True) -> str:
    """What a fingerprint says of precision and runtime: nothing in float32, where both give the same score.

    In bfloat16 OpenVINO and PyTorch round in other places, so that scores differ. `translated` is whether the model
    runs by OpenVINO where that is installed.
    """
    if precision == torch.float32:
        return ""
    name = str(precision).removeprefix("torch.").replace("bfloat16", "bf16")
    by_openvino = translated and _device_type.get() == "cpu" and is_openvino_available()
    return f"+{name}-openvino" if by_openvino else f"+{name}"


def place_on(network: Network, device: torch.device) -> Network:
    """`network` on `device`; where it is there already, each layer is not asked again, which takes 2 ms a picture."""
    if next(network.parameters()).device != device:
        network.to(device)
    return network


def is_openvino_available() -> bool:
    """Whether OpenVINO is installed; nothing is imported to find out."""
    return find_spec(PACKAGE) is not None


def describe_runtime(precision: torch.dtype) -> str:
    """What runs networks on a CPU, in words for the operator."""
    number = str(precision).removeprefix("torch.")
    if not is_openvino_available():
        return f"PyTorch {torch.__version__}, {number}; pip install {PACKAGE} and learned models take half the time"
    try:
        return f"OpenVINO {import_openvino().get_version().split('-')[0]}, {number}"
    except ImportError as error:
        return f"PyTorch {torch.__version__}, {number}, for OpenVINO cannot be loaded: {error}"


@lru_cache(maxsize=1)
def import_openvino() -> ModuleType:
    """The package, without the part that reports every import and conversion to its makers over the network."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # as if it were not installed
    return import_module(PACKAGE)


@lru_cache(maxsize=1)
def _core() -> Any:
    return import_openvino().Core()


def _compile_trunk(
    function: Function, trunk: nn.Module, precision: torch.dtype, shape: tuple[int, ...]
) -> Callable[[Array], Array]:
    """A call that gives the features (1, features) of one picture (1, channels, H, W); -1 in `shape` is any side."""
    package, example = import_openvino(), torch.zeros(1, shape[0], EXAMPLE_SIDE, EXAMPLE_SIDE)
    here = trunk if next(trunk.parameters()).device == example.device else copy.deepcopy(trunk).cpu()
    with torch.inference_mode(), warnings.catch_warnings():
        # PyTorch would have this replaced by torch.export, which takes five times as long to the same end.
        warnings.simplefilter("ignore", FutureWarning)
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            lambda pictures: function(here, pictures), example, check_trace=False
        )
        model = package.convert_model(traced, example_input=example)
    model.reshape([1, *shape])
    settings = {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    request = _core().compile_model(model, "CPU", settings).create_infer_request()

    def infer(picture: Array) -> Array:
        found: Array = request.infer([picture], share_inputs=True, share_outputs=True)[0]
        return found.copy()

    return infer
