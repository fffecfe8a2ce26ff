"""Picture files: sizes from headers, pixels upright by EXIF, large ones reduced on the way."""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from hubkit.core.errors import HubError
from ocr_service.domain.errors import CorruptFile, FileTooLarge, TooManyPages
from ocr_service.domain.file_facts import FileFacts, Limits, MediaType, PageSize
from ocr_service.intake.content import WORKING_SIDE_PX, Drawn, PageContent

FORMATS = {
    MediaType.JPEG: ("JPEG", "MPO"),
    MediaType.PNG: ("PNG",),
    MediaType.TIFF: ("TIFF",),
    MediaType.WEBP: ("WEBP",),
    MediaType.BMP: ("BMP",),
    MediaType.JPEG2000: ("JPEG2000",),
    MediaType.HEIC: ("HEIF",),
}
ORIENTATION_TAG = 0x0112
# EXIF orientation to the step that brings the picture upright (TIFF 6.0, page 36).
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)
FAX_RATIO = (1.15, 4.0)
"""Dots of a fax may be twice as high as wide; within this the page is made square before use."""


class ImageDocument:
    """A picture file as an `OpenDocument`; only a TIFF has more than one page."""

    def __init__(self, data: bytes, media_type: MediaType, limits: Limits) -> None:
        """Read the headers of every page; no pixels yet.

        Raises:
            CorruptFile: They make no sense.
            FileTooLarge: A page has more pixels than allowed.
            TooManyPages: As it says.
        """
        self._data = data
        self._media_type = media_type
        with _translated(), self._opened() as image:
            frames = int(getattr(image, "n_frames", 1))
            paged = media_type is MediaType.TIFF
            if paged and frames > limits.pages:
                raise TooManyPages(
                    f"the file has {frames} pages, at most {limits.pages} are read",
                    field="content",
                )
            sizes = []
            for frame in range(frames if paged else 1):
                image.seek(frame)
                sizes.append(_size_as_given(image))
        for number, size in enumerate(sizes, 1):
            if size.width * size.height > limits.page_pixels:
                raise FileTooLarge(
                    f"page {number} has {size.width} × {size.height} pixels, at most"
                    f" {limits.page_pixels // 1_000_000} megapixels are read; scan at 300 dpi",
                    field="content",
                )
        # A photo of a phone may carry a second, small picture (MPO): no animation.
        animated = not paged and frames > 1 and media_type is not MediaType.JPEG
        self.facts = FileFacts(
            media_type, tuple(sizes), ("ANIMATION_FIRST_FRAME",) if animated else ()
        )

    def page(self, number: int) -> PageContent:
        """Decode one page.

        Raises:
            CorruptFile: Not one row of it can be decoded.
        """
        size = self.facts.page_sizes[number - 1]
        try:
            with _translated():
                pixels = self._decoded(number)
            cut: tuple[str, ...] = () if self._is_whole() else ("PAGE_DAMAGED",)
        except CorruptFile:
            with _translated(), _half_files_allowed():
                pixels = self._decoded(number)
            if pixels.min() == pixels.max():
                raise
            cut = ("FILE_TRUNCATED",)
        return PageContent(size, Drawn(pixels, size), warnings=cut)

    def close(self) -> None:
        """Free nothing: the bytes are all it holds."""

    def _is_whole(self) -> bool:
        """Check a PNG's sums: damage to it decodes to noise. Other types have none to check."""
        if self._media_type is not MediaType.PNG:
            return True
        try:
            with _translated(), self._opened() as image:
                image.verify()
        except CorruptFile:
            return False
        return True

    @contextmanager
    def _opened(self) -> Iterator[Image.Image]:
        with warnings.catch_warnings():
            # We count pixels against our own limit, before decoding.
            warnings.simplefilter("ignore")
            if self._media_type is MediaType.HEIC:
                _know_heic()
            with Image.open(io.BytesIO(self._data), formats=FORMATS[self._media_type]) as image:
                yield image

    def _decoded(self, number: int) -> NDArray[np.uint8]:
        with self._opened() as image:
            if number > 1:
                image.seek(number - 1)
            turn = UPRIGHT.get(_orientation(image))
            wanted = _size_as_given(image)
            # The JPEG decoder can leave out detail on its own: 600 dpi in an eighth of the time.
            image.draft("RGB", (WORKING_SIDE_PX // 2, WORKING_SIDE_PX // 2))
            image.load()
            if image.format == "TIFF":
                turn = None  # Pillow has applied a TIFF's orientation while loading
            colours = _in_colours(image)
            factor = -(-max(colours.size) // WORKING_SIDE_PX)
            if factor > 1:
                colours = colours.reduce(factor)
            upright = colours if turn is None else colours.transpose(turn)
            if _fax_ratio(image) != 1.0:
                scale = min(1.0, WORKING_SIDE_PX / max(wanted.width, wanted.height))
                square = (max(1, int(wanted.width * scale)), max(1, int(wanted.height * scale)))
                upright = upright.resize(square, Image.Resampling.BILINEAR)
            return np.ascontiguousarray(np.asarray(upright, np.uint8)[:, :, ::-1])


@cache
def _know_heic() -> None:
    # Its decoder is large, and few send such files.
    from pillow_heif import register_heif_opener  # noqa: PLC0415

    register_heif_opener(thumbnails=False)


def _size_as_given(image: Image.Image) -> PageSize:
    width, height = image.size
    # Pillow states a TIFF's size after its orientation.
    if image.format != "TIFF" and _orientation(image) in SIDEWAYS:
        width, height = height, width
    ratio = _fax_ratio(image)
    return PageSize(round(width * max(1.0, 1 / ratio)), round(height * max(1.0, ratio)))


def _fax_ratio(image: Image.Image) -> float:
    """How much higher than wide the dots of a TIFF page are; 1 for almost square ones."""
    if image.format != "TIFF":
        return 1.0
    across, down = image.info.get("dpi", (1, 1))
    if not across or not down:
        return 1.0
    ratio = float(across) / float(down)
    if _orientation(image) in SIDEWAYS:
        ratio = 1 / ratio
    low, high = FAX_RATIO
    return ratio if low <= max(ratio, 1 / ratio) <= high else 1.0


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, TypeError, OSError, KeyError, struct.error):
        return 1  # broken EXIF: the pixels are still good


def _in_colours(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB: 16 bits to 8, transparency onto white."""
    if image.mode.startswith(("I;16", "I", "F")):
        values = np.asarray(image, np.float32)
        top = 65535 if values.max(initial=0) > 255 else 255
        return Image.fromarray((values / top * 255).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layers = image.convert("RGBA")
        ground = Image.new("RGB", layers.size, "white")
        ground.paste(layers, mask=layers.getchannel("A"))
        return ground
    return image.convert("RGB")


@contextmanager
def _half_files_allowed() -> Iterator[None]:
    # The switch is global to the library; a worker process reads one page at a time.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except HubError:
        raise
    except Image.DecompressionBombError as exc:
        raise FileTooLarge(
            "the picture has far more pixels than are read; scan at 300 dpi", field="content"
        ) from exc
    except UnidentifiedImageError as exc:
        raise CorruptFile("the picture's header is damaged", field="content") from exc
    # The decoders raise what their code happens to hit on hostile bytes.
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        EOFError,
        OverflowError,
        ZeroDivisionError,
        RuntimeError,
        struct.error,
    ) as exc:
        raise CorruptFile("the picture is damaged and cannot be decoded", field="content") from exc
    except MemoryError as exc:
        raise FileTooLarge("the picture needs too much memory", field="content") from exc
