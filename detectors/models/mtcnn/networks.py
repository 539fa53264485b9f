"""The three networks of MTCNN (Zhang et al. 2016, arXiv 1604.02878, Fig. 2): proposal, refinement, output.

Each takes RGB scaled to about [-1, 1] and answers, per patch, how likely it is a face, and where the face's box (and
the five points) lie relative to the patch. Ours to match the published weights: max pooling rounds its size up, and
features are flattened column by column.
"""

from collections import OrderedDict

from torch import Tensor, nn


class PNet(nn.Module):
    """Fully convolutional over a picture: every 12 x 12 patch at stride 2."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(3, 10, 3),
                prelu1=nn.PReLU(10),
                pool1=nn.MaxPool2d(2, 2, ceil_mode=True),
                conv2=nn.Conv2d(10, 16, 3),
                prelu2=nn.PReLU(16),
                conv3=nn.Conv2d(16, 32, 3),
                prelu3=nn.PReLU(32),
            )
        )
        self.face = nn.Conv2d(32, 2, 1)
        self.box = nn.Conv2d(32, 4, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) to face probability (N, h, w) and box offsets (N, 4, h, w) in patch sides."""
        maps = self.trunk(pictures)
        return self.face(maps).softmax(dim=1)[:, 1], self.box(maps)


class RNet(nn.Module):
    """Looks again at patches of 24 x 24."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(3, 28, 3),
                prelu1=nn.PReLU(28),
                pool1=nn.MaxPool2d(3, 2, ceil_mode=True),
                conv2=nn.Conv2d(28, 48, 3),
                prelu2=nn.PReLU(48),
                pool2=nn.MaxPool2d(3, 2, ceil_mode=True),
                conv3=nn.Conv2d(48, 64, 2),
                prelu3=nn.PReLU(64),
                flatten=ColumnByColumn(),
                dense4=nn.Linear(576, 128),
                prelu4=nn.PReLU(128),
            )
        )
        self.face = nn.Linear(128, 2)
        self.box = nn.Linear(128, 4)

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """(K, 3, 24, 24) to face probability (K,) and box offsets (K, 4) in patch sides."""
        features = self.trunk(patches)
        return self.face(features).softmax(dim=1)[:, 1], self.box(features)


class ONet(nn.Module):
    """Looks at patches of 48 x 48 and finds the five points."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            OrderedDict(
                conv1=nn.Conv2d(3, 32, 3),
                prelu1=nn.PReLU(32),
                pool1=nn.MaxPool2d(3, 2, ceil_mode=True),
                conv2=nn.Conv2d(32, 64, 3),
                prelu2=nn.PReLU(64),
                pool2=nn.MaxPool2d(3, 2, ceil_mode=True),
                conv3=nn.Conv2d(64, 64, 3),
                prelu3=nn.PReLU(64),
                pool3=nn.MaxPool2d(2, 2, ceil_mode=True),
                conv4=nn.Conv2d(64, 128, 2),
                prelu4=nn.PReLU(128),
                flatten=ColumnByColumn(),
                dense5=nn.Linear(1152, 256),
                prelu5=nn.PReLU(256),
            )
        )
        self.face = nn.Linear(256, 2)
        self.box = nn.Linear(256, 4)
        self.points = nn.Linear(256, 10)

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(K, 3, 48, 48) to face probability (K,), box offsets (K, 4) and points (K, 10), five x then five y."""
        features = self.trunk(patches)
        return self.face(features).softmax(dim=1)[:, 1], self.box(features), self.points(features)


class ColumnByColumn(nn.Module):
    """Flattens (K, C, H, W) with the width slowest, as the networks that the weights come from did."""

    def forward(self, maps: Tensor) -> Tensor:
        """Return (K, W * H * C)."""
        return maps.permute(0, 3, 2, 1).flatten(1)
