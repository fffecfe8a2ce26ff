"""What the pipeline asks of a model; `engine` gives it, on whatever runtime."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FOREIGN = "\ufffd"
"""What a recogniser may read where characters stand that its alphabet lacks."""


class TextDetector(Protocol):
    """Finds where text stands."""

    def logits(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give the logit of the probability of text for each pixel.

        Args:
            image: (H, W, 3) BGR; both sides multiples of 32.

        Returns:
            (H, W).
        """
        ...


class LineRecogniser(Protocol):
    """Reads line images of one height; one for each family of scripts."""

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The characters of classes 1, 2, …; class 0 is the blank."""
        ...

    def best_paths(
        self, strips: Sequence[NDArray[np.uint8]]
    ) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Give the likeliest class and its probability at each time step of each strip.

        Args:
            strips: (48, W, 3) BGR each, of any width; all lines of a page in one call, so that
                they can be read side by side and judged together.

        Returns:
            Two arrays (T,) a strip, whose time steps divide its width evenly.
        """
        ...
