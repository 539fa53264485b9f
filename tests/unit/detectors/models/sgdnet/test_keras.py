"""ResNet50 is Keras's first version: its published summary layer by layer, and what a rearranged v1.5 computes."""

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import resnet50

from detectors.models.sgdnet.backbones import Bottleneck, ResNet50

KERAS_SUMMARY = {
    "stem": [9_472, 256],
    2: {"a": [4_160, 256, 36_928, 256, 16_640, 1_024, 16_640, 1_024], "b": [16_448, 256, 36_928, 256, 16_640, 1_024]},
    3: {
        "a": [32_896, 512, 147_584, 512, 66_048, 2_048, 131_584, 2_048],
        "b": [65_664, 512, 147_584, 512, 66_048, 2_048],
    },
    4: {
        "a": [131_328, 1_024, 590_080, 1_024, 263_168, 4_096, 525_312, 4_096],
        "b": [262_400, 1_024, 590_080, 1_024, 263_168, 4_096],
    },
    5: {
        "a": [524_800, 2_048, 2_359_808, 2_048, 1_050_624, 8_192, 2_099_200, 8_192],
        "b": [1_049_088, 2_048, 2_359_808, 2_048, 1_050_624, 8_192],
    },
}
"""Numbers of each layer in `keras.applications.resnet50`'s summary, moving statistics counted: a stage's first block
(branches 2a, 2b, 2c and 1, a convolution and its norm each) and each of the others."""
BLOCKS = {2: 3, 3: 4, 4: 6, 5: 3}


def sizes(module: nn.Module) -> list[int]:
    """Numbers in each convolution and norm, in the order declared."""
    return [
        sum(tensor.numel() for name, tensor in layer.state_dict().items() if "num_batches" not in name)
        for layer in module.modules()
        if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d))
    ]


def test_every_layer_holds_as_many_numbers_as_kerass_summary_says() -> None:
    network = ResNet50()
    assert sizes(network.stem) == KERAS_SUMMARY["stem"]
    expected = [
        KERAS_SUMMARY[stage]["a" if block == 0 else "b"]  # type: ignore[index]
        for stage, blocks in BLOCKS.items()
        for block in range(blocks)
    ]
    assert [sizes(block) for block in network.blocks] == expected
    assert sum(sizes(network)) == 23_587_712


def rearrange() -> nn.Module:
    """Torchvision's ResNet50, random norms, each stride moved from the 3 x 3 to the first 1 x 1, Keras's epsilon."""
    torch.manual_seed(0)
    network: nn.Module = resnet50(weights=None)
    for name, layer in network.named_modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 1e-3
            assert layer.running_mean is not None
            assert layer.running_var is not None
            for tensor in (layer.weight.data, layer.running_var):
                tensor.uniform_(0.5, 1.5)
            for tensor in (layer.bias.data, layer.running_mean):
                tensor.uniform_(-0.2, 0.2)
        if isinstance(layer, nn.Conv2d) and name.endswith("0.conv2") and not name.startswith("layer1"):
            layer.stride = (1, 1)
            first = network.get_submodule(name.replace("conv2", "conv1"))
            assert isinstance(first, nn.Conv2d)
            first.stride = (2, 2)
    return network.eval()


def copy_weights(theirs: nn.Module) -> ResNet50:
    """Ours with their weights; Keras's convolution biases, which they lack, are moved out of the norms' means."""
    ours = ResNet50().eval()
    pairs = [layer for layer in theirs.modules() if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d))]
    targets = [layer for layer in ours.modules() if isinstance(layer, (nn.Conv2d, nn.BatchNorm2d))]
    for source, target in zip(pairs, targets, strict=True):
        if isinstance(target, nn.BatchNorm2d):
            target.load_state_dict(source.state_dict())
            continue
        assert target.bias is not None
        with torch.no_grad():
            target.weight.copy_(source.weight)
            target.bias.uniform_(-0.5, 0.5)
    for convolution, norm in zip(targets[::2], targets[1::2], strict=True):
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None
        assert isinstance(convolution.bias, Tensor)
        norm.running_mean.add_(convolution.bias.detach())
    return ours


def test_every_block_computes_what_the_rearranged_network_does() -> None:
    theirs = rearrange()
    ours = copy_weights(theirs)
    picture = torch.rand(2, 3, 96, 64)
    with torch.inference_mode():
        expected = theirs.get_submodule("maxpool")(
            theirs.get_submodule("bn1")(theirs.get_submodule("conv1")(picture)).relu()
        )
        found = ours.stem(picture)
        assert torch.allclose(found, expected, atol=1e-4)
        blocks = [block for stage in range(1, 5) for block in theirs.get_submodule(f"layer{stage}").children()]
        for index, (their_block, our_block) in enumerate(zip(blocks, ours.blocks, strict=True)):
            expected, found = their_block(expected), our_block(found)
            assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item()), index


def test_the_stride_sits_on_a_blocks_first_convolution_and_on_its_projection() -> None:
    strided = [
        [part.stride[0] for part in block.modules() if isinstance(part, nn.Conv2d)]
        for block in ResNet50().blocks
        if isinstance(block, Bottleneck)
    ]
    assert [strides for strides in strided if set(strides) != {1}] == [[2, 1, 1, 2]] * 3


@pytest.mark.parametrize(("height", "width"), [(384, 512), (64, 32)])
def test_the_grid_is_a_32nd(height: int, width: int) -> None:
    with torch.device("meta"):
        maps = ResNet50()(torch.zeros(1, 3, height, width))
    assert maps.shape == (1, 2048, height // 32, width // 32)
