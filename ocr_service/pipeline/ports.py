"""What the pipeline asks of a model; `engine` gives it, on whatever runtime."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TextDetector(Protocol):
    """Finds where text stands."""

    def probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give the probability of text for each pixel.

        Args:
            image: (H, W, 3) BGR; both sides multiples of 32.

        Returns:
            (H, W) in [0, 1].
        """
        ...


class LineRecogniser(Protocol):
    """Reads line images of one height; one for each family of scripts."""

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The characters of classes 1, 2, …; class 0 is the blank."""
        ...

    def best_path(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Give the likeliest class and its probability at each time step.

        Args:
            crops: (N, 48, W, 3) BGR, W a multiple of 16.

        Returns:
            Two arrays (N, W / 8).
        """
        ...
