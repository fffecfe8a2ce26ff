"""The detector and the recogniser as the pipeline knows them, on whatever runtime."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr_service.engine.prepared import prepared_detector, prepared_recogniser
from ocr_service.engine.runtime import Network, Runtime
from ocr_service.pipeline.crops import HEIGHT_PX

CHANNEL_MEAN = 127.5
CHANNEL_SCALE = 1 / 127.5
"""Both models were trained on channels in [-1, 1], blue first."""
PADDING = 127
"""Grey that is next to zero there, which the recogniser was trained to see as nothing."""
MIN_WIDTH_PX = 32
"""Narrower strips are padded: a stretched letter is another letter."""
BUCKETS = ((256, 16), (512, 32), (math.inf, 64))
"""Strips up to the first number are stretched or squeezed to a multiple of the second. Each width
costs the runtime 5 MB for good and 30 ms once, so there are thirty up to the longest usual line."""
BAND_PIXELS = 1_000_000
"""Larger images are seen in bands: a detection needs 200 MB a megapixel."""
MARGIN_PX = 96
"""Rows around a band that are seen with it; what the detector finds hardly depends on more."""
STRIDE_PX = 32
"""Of the detector: sides of what it sees are multiples."""
FOREIGN_TOP = 8.0
"""On Western text the highest Western logit stays above this at every step (99.5 % of the lines of
receipts); with ideographs it falls below in 96 % of the lines."""
FOREIGN_SURE = 0.8
"""A character beyond the Western ones that sure proves that the page has such text."""

Image = NDArray[np.uint8]
Path = tuple[NDArray[np.int64], NDArray[np.float32]]
Outputs = tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Detector:
    """The text detector as a `TextDetector`.

    Attributes:
        alone: For one thread.
        together: For all threads, when no other page is read.
        wide: Which of the two is used.
    """

    alone: Network
    together: Network
    wide: bool = False

    @classmethod
    def load(cls, runtime: Runtime, threads: int) -> "Detector":
        """Load it from the installed package."""
        graph = prepared_detector()
        alone = runtime.network(graph, threads=1, lanes=1)
        together = alone
        if threads > 1:
            together = runtime.network(graph, threads=threads, lanes=1)
        return cls(alone, together)

    def with_threads(self, *, together: bool) -> "Detector":
        """Give the same detector for a page that has one thread or all."""
        return replace(self, wide=together)

    def logits(self, image: Image) -> NDArray[np.float32]:
        """Give the (H, W) logits of text for an (H, W, 3) BGR image."""
        network = self.together if self.wide else self.alone
        height, width = image.shape[:2]
        bands = []
        for top, bottom in band_rows(height, width):
            above, below = max(0, top - MARGIN_PX), min(height, bottom + MARGIN_PX)
            # What a page that is read alone used is given back: the next may be one of many.
            (blocks,) = network.run(_blob(image[above:below]), release=self.wide)
            logits = in_place(np.asarray(blocks[0], np.float32))
            bands.append(logits[top - above : bottom - above])
        return np.concatenate(bands)


def band_rows(height: int, width: int) -> list[tuple[int, int]]:
    """Part the rows of an image into bands that are seen one after the other."""
    count = math.ceil(height * width / BAND_PIXELS)
    rows = math.ceil(height / count / STRIDE_PX) * STRIDE_PX
    return [(top, min(top + rows, height)) for top in range(0, height, rows)]


def in_place(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lay the prepared detector's (16, H / 4, W / 4) logits out as an (H, W) map."""
    _, rows, columns = logits.shape
    blocks = logits.reshape(2, 2, 2, 2, rows, columns).transpose(4, 0, 2, 5, 1, 3)
    return np.ascontiguousarray(blocks.reshape(rows * 4, columns * 4))


@dataclass(frozen=True, slots=True)
class Recogniser:
    """A line recogniser as a `LineRecogniser`.

    Attributes:
        network: The prepared graph, one thread a run.
        alphabet: The characters of classes 1, 2, …; class 0 is the blank.
        step_px: Width of a time step.
        head: Reads what the graph's Western classes cannot; None where the graph has all.
        crew: Threads that read lines side by side; None for one line after the other.
    """

    network: Network
    alphabet: tuple[str, ...]
    step_px: int
    head: "WholeHead | None"
    crew: ThreadPoolExecutor | None = None

    def with_crew(self, crew: ThreadPoolExecutor | None) -> "Recogniser":
        """Give the same recogniser for a page that has these threads."""
        return replace(self, crew=crew)

    @classmethod
    def load(cls, role: str, runtime: Runtime, threads: int) -> "Recogniser":
        """Load the recogniser of that role from the installed package."""
        parts = prepared_recogniser(role)
        return cls(
            runtime.network(parts["graph"].tobytes(), threads=1, lanes=threads),
            tuple(parts["alphabet"].tobytes().decode().split("\n")),
            int(parts["step_px"]),
            WholeHead(parts["western"], parts["weights"]) if "weights" in parts else None,
        )

    def best_paths(self, strips: Sequence[Image]) -> list[Path]:
        """Give class and probability at each time step of each (48, W, 3) BGR strip."""
        # Each line goes by itself: batches gain nothing from 160 pixels on and spend a lot on
        # padding. The longest go first, so that no thread is left with one at the end.
        order = sorted(range(len(strips)), key=lambda i: -strips[i].shape[1])
        ordered = [strips[i] for i in order]
        runs = map(self._run, ordered) if self.crew is None else self.crew.map(self._run, ordered)
        seen = dict(zip(order, runs, strict=True))
        outputs = [seen[i] for i in range(len(strips))]
        paths = self.head.paths(outputs) if self.head else [(c[0], p[0]) for c, p in outputs]
        return [self._useful(path, strip) for path, strip in zip(paths, strips, strict=True)]

    def _useful(self, path: Path, strip: Image) -> Path:
        """Drop the time steps of padding."""
        steps = len(path[0])
        if strip.shape[1] < MIN_WIDTH_PX:
            steps = -(-strip.shape[1] // self.step_px)
        return path[0][:steps], path[1][:steps]

    def _run(self, strip: Image) -> Outputs:
        return self.network.run(_blob(in_bucket(strip)))


@dataclass(frozen=True, slots=True)
class WholeHead:
    """Reads lines again with the whole alphabet where the Western head is out of its depth.

    The Western head can be sure of a blank where an ideograph stands, since it knows no better;
    but its logits are all low there, which they never are on text that it knows.

    Attributes:
        western: (C,) which class of the alphabet each Western class is.
        weights: (F + 1, classes), the bias last.
    """

    western: NDArray[np.int64]
    weights: NDArray[np.float32]

    def paths(self, outputs: Sequence[Outputs]) -> list[Path]:
        """Give the paths of a page's lines: the foreign ones, or all if one proves to be so."""
        whole = {i: self._whole(out) for i, out in enumerate(outputs) if out[2].min() < FOREIGN_TOP}
        foreign = any(
            np.any((confidences >= FOREIGN_SURE) & ~np.isin(classes, self.western))
            for classes, confidences in whole.values()
        )
        return [
            whole[i] if i in whole else self._whole(out) if foreign else self._western(out)
            for i, out in enumerate(outputs)
        ]

    def _western(self, out: Outputs) -> Path:
        return self.western[out[0][0]], out[1][0]

    def _whole(self, out: Outputs) -> Path:
        logits = out[3][0] @ self.weights[:-1] + self.weights[-1]
        classes = logits.argmax(axis=1)
        logits -= logits.max(axis=1, keepdims=True)
        return classes, 1 / np.exp(logits, out=logits).sum(axis=1)


def bucket(width: int) -> int:
    """Choose the width at which a strip is read, within 7 % of its own."""
    step = next(step for limit, step in BUCKETS if width <= limit)
    return max(MIN_WIDTH_PX, round(width / step) * step)


def in_bucket(strip: Image) -> Image:
    """Bring a (48, W, 3) strip to the width of its bucket."""
    width, wanted = strip.shape[1], bucket(strip.shape[1])
    if width == wanted:
        return strip
    if width < MIN_WIDTH_PX:
        padded = np.full((HEIGHT_PX, wanted, 3), PADDING, np.uint8)
        padded[:, :width] = strip
        return padded
    way = cv2.INTER_AREA if wanted < width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(strip, (wanted, HEIGHT_PX), interpolation=way), np.uint8)


def _blob(pixels: Image) -> NDArray[np.float32]:
    blob = cv2.dnn.blobFromImage(pixels, CHANNEL_SCALE, mean=(CHANNEL_MEAN,) * 3)
    return np.asarray(blob, np.float32)
