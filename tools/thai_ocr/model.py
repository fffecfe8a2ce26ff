"""The network: a light convolutional CTC recogniser with one time step every four pixels.

Four, not eight: at eight a Thai syllable such as ที่ has fewer steps than classes.
"""

import torch
from torch import Tensor, nn

STEP_PX = 4


def _conv(inside: int, outside: int, stride: tuple[int, int] = (1, 1)) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.SiLU(inplace=True),
    )


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut: the shapes of strokes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (N, C, H, W)."""
        return nn.functional.silu(x + self.second(self.first(x)))


class Context(nn.Module):
    """A wide depthwise convolution along the line, then mixing of channels: what stands near."""

    def __init__(self, channels: int, width: int = 11) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Conv2d(
                channels, channels, (1, width), 1, (0, width // 2), groups=channels, bias=False
            ),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.SiLU(inplace=True),
            nn.Conv2d(2 * channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape (N, C, 1, T)."""
        mixed: Tensor = self.mix(x)
        return x + mixed


class Recogniser(nn.Module):
    """From grey line images to class scores at each time step."""

    def __init__(
        self, classes: int, channels: tuple[int, ...] = (16, 48, 80, 160, 224), contexts: int = 6
    ) -> None:
        super().__init__()
        a, b, c, d, e = channels
        self.eyes = nn.Sequential(
            _conv(1, a, (2, 2)),  # 24 rows, W / 2
            _conv(a, b, (2, 2)),  # 12 rows, W / 4
            Residual(b),
            _conv(b, c, (2, 1)),  # 6 rows
            Residual(c),
            _conv(c, d, (2, 1)),  # 3 rows
            nn.Conv2d(d, e, (3, 1), bias=False),  # 1 row
            nn.BatchNorm2d(e),
            nn.SiLU(inplace=True),
        )
        self.contexts = nn.Sequential(*[Context(e) for _ in range(contexts)])
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Conv2d(e, classes, 1))

    def forward(self, grey: Tensor) -> Tensor:
        """Give scores.

        Args:
            grey: (N, 1, 48, W) in [-1, 1], W a multiple of 4.

        Returns:
            (N, classes, W / 4), not normalised.
        """
        scores: Tensor = self.head(self.contexts(self.eyes(grey))).squeeze(2)
        return scores


class Shipped(nn.Module):
    """The recogniser as the product calls it: colour in, probabilities out."""

    grey: Tensor

    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__()
        self.recogniser = recogniser
        self.register_buffer("grey", torch.tensor([0.114, 0.587, 0.299]).view(1, 3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Give (N, W / 4, classes) probabilities for (N, 3, 48, W) blue, green, red in [-1, 1]."""
        scores: Tensor = self.recogniser(nn.functional.conv2d(x, self.grey))
        return scores.permute(0, 2, 1).softmax(2)
