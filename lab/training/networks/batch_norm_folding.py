"""Train with the batch norms folded into the convolutions: measured over twice as fast per picture on a CPU.

A folded network computes what its batch norms compute in evaluation mode, so nothing depends on the batch: training,
averaging weights and use all see the same function. Each convolution's weight is kept as `weight * scale` with a
scale per output channel fixed at the start, so that the trained part has the size a fresh network's would have
(root mean square 1/sqrt(fan in)) and one learning rate suits every layer.
"""

import torch
from torch import Tensor, nn

from detectors.models.saliency_iqa.backbones import normed_convolutions
from lab.training.networks.depthwise import depthwise_convolution, is_slow_to_train


class ScaledConv2d(nn.Conv2d):
    """A convolution whose effective weight is `weight * scale`; `scale` (O, 1, 1, 1) does not train."""

    scale: Tensor

    def __init__(self, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        """Computes what `norm` in evaluation mode computes after `convolution`."""
        kernel, stride, padding = convolution.kernel_size, convolution.stride, convolution.padding
        assert not isinstance(padding, str)
        super().__init__(
            convolution.in_channels,
            convolution.out_channels,
            (kernel[0], kernel[1]),
            (stride[0], stride[1]),
            (padding[0], padding[1]),
            groups=convolution.groups,
        )
        assert norm.running_mean is not None
        assert norm.running_var is not None
        assert self.bias is not None
        with torch.no_grad():
            gain = norm.weight / (norm.running_var + norm.eps).sqrt()
            effective = convolution.weight * gain.view(-1, 1, 1, 1)
            fan_in = effective[0].numel()
            size = effective.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
            scale = (size * fan_in**0.5).clamp_min(1e-6)
            self.register_buffer("scale", scale)
            self.weight.copy_(effective / scale)
            self.bias.copy_(norm.bias - norm.running_mean * gain)

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve (N, channels, H, W) with the folded weights."""
        weight = self.weight * self.scale
        if is_slow_to_train(self) and torch.is_autocast_enabled("cpu"):
            return depthwise_convolution(maps, weight, self.bias, self.stride[0])
        filtered: Tensor = self._conv_forward(maps, weight, self.bias)
        return filtered


def fold_batch_norms(network: nn.Module) -> None:
    """Replace, in place, every convolution followed by its batch norm with one ScaledConv2d.

    The batch norm becomes an identity, so every other name in the state dict stays where it was. The function is
    that of evaluation mode, to rounding.
    """
    for name, convolution, norm_name, norm in normed_convolutions(network):
        network.set_submodule(name, ScaledConv2d(convolution, norm))
        network.set_submodule(norm_name, nn.Identity())


def unfold_state(state: dict[str, Tensor], plain: nn.Module) -> dict[str, Tensor]:
    """The state dict for `plain`, a network with batch norms, that computes what the folded network of `state` does."""
    result = {name: value.clone() for name, value in state.items() if not name.endswith(".scale")}
    for name, _, norm_name, norm in normed_convolutions(plain):
        result[f"{name}.weight"] = state[f"{name}.weight"] * state[f"{name}.scale"]
        bias = result.pop(f"{name}.bias")
        result[f"{norm_name}.weight"] = torch.full_like(bias, (1 + norm.eps) ** 0.5)
        result[f"{norm_name}.bias"] = bias
        result[f"{norm_name}.running_mean"] = torch.zeros_like(bias)
        result[f"{norm_name}.running_var"] = torch.ones_like(bias)
        result[f"{norm_name}.num_batches_tracked"] = torch.zeros((), dtype=torch.long)
    return result
