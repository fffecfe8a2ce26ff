"""A page's picture at the size it is asked for."""

import cv2
import numpy as np

from hubkit.core.errors import HubError, InvalidArgument, Kind

MIN_SIDE_PX = 16
MAX_SIDE_PX = 10_000
_WEBP_QUALITY = 80


class DamagedFile(HubError):
    """A stored file or picture is not what was stored."""

    kind = Kind.INTERNAL
    reason = "CHECKSUM_MISMATCH"


def check_side(max_px: int) -> None:
    """Check the longest side that is asked for; 0 means as stored.

    Raises:
        InvalidArgument: It is not in [16, 10000].
    """
    if max_px and not MIN_SIDE_PX <= max_px <= MAX_SIDE_PX:
        raise InvalidArgument(f"max_px is 0, or {MIN_SIDE_PX} to {MAX_SIDE_PX}", field="max_px")


def scaled_size(width_px: int, height_px: int, max_px: int) -> tuple[int, int]:
    """Give the size whose longest side is `max_px`, in the same proportion; never enlarges."""
    longest = max(width_px, height_px)
    if longest <= max_px:
        return width_px, height_px
    return (
        max(1, round(width_px * max_px / longest)),
        max(1, round(height_px * max_px / longest)),
    )


def scale(picture: bytes, width_px: int, height_px: int) -> bytes:
    """Shrink a picture to a size and give it as WebP.

    Raises:
        DamagedFile: It cannot be decoded.
    """
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise DamagedFile("the stored picture of the page is damaged")
    # Averaging over the area is what keeps small print legible.
    small = cv2.resize(pixels, (width_px, height_px), interpolation=cv2.INTER_AREA)
    written, data = cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, _WEBP_QUALITY])
    if not written:
        raise DamagedFile("the picture of the page could not be written")
    return data.tobytes()
