"""Crops show what their quad encloses; parts lose and double nothing."""

import math
from itertools import pairwise

import cv2
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ocr_service.pipeline.crops import HEIGHT_PX, cut, parts
from ocr_service.pipeline.detection import clockwise_from_upper_left, quads_from_map
from ocr_service.pipeline.reading_order import reading_order


@given(st.floats(-25, 25), st.floats(12, 150), st.floats(1.0, 8.0))
@settings(max_examples=60)
def test_a_crop_shows_its_quad_level(degrees: float, thickness: float, ratio: float) -> None:
    length = thickness * ratio
    angle = math.radians(degrees)
    along = np.array([math.cos(angle), math.sin(angle)]) * length
    across = np.array([-math.sin(angle), math.cos(angle)]) * thickness
    start = np.array([700.0, 700.0]) - (along + across) / 2
    quad = np.array([start, start + along, start + along + across, start + across])
    page = np.full((1400, 1400, 3), 255, np.uint8)
    # The left half of the quad is dark; shift 4 draws to a sixteenth of a pixel.
    dark = np.array([start, start + along / 2, start + along / 2 + across, start + across])
    cv2.fillPoly(page, [np.round((dark - 0.5) * 16).astype(np.int32)], (0, 0, 0), shift=4)
    strip = cut(page, quad)
    width = strip.shape[1]
    assert strip.shape == (HEIGHT_PX, max(1, round(HEIGHT_PX * ratio)), 3)
    inner = strip[10:-10, :, 0].mean(axis=0)
    assert inner[: max(1, int(width * 0.35))].mean() < 50
    assert inner[math.ceil(width * 0.65) :].mean() > 200


@given(st.integers(1, 4000), st.integers(0, 2**32 - 1))
def test_parts_follow_on_one_another(width: int, seed: int) -> None:
    ink = np.random.default_rng(seed).random(width // 12 + 1) < 0.4
    columns = np.repeat(ink, 12)[:width]
    assume(columns.mean() < 0.5)  # else it is light text on dark ground
    strip = np.where(columns[None, :, None], 0, 255).astype(np.uint8)
    pieces = parts(np.broadcast_to(strip, (HEIGHT_PX, width, 3)))
    assert pieces[0][0] == 0
    assert pieces[-1][1] == width
    assert all(a < b for a, b in pieces)
    assert all(left[1] == right[0] for left, right in pairwise(pieces))
    for _, end in pieces[:-1]:
        assert not columns[end]  # no cut goes through ink


boxes = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 30)), max_size=25, unique=True
)


@given(boxes)
def test_reading_order_names_every_box_once(cells: list[tuple[int, int, int]]) -> None:
    quads = np.array(
        [
            [
                [x * 10, y * 20],
                [x * 10 + w, y * 20],
                [x * 10 + w, y * 20 + 12],
                [x * 10, y * 20 + 12],
            ]
            for x, y, w in cells
        ],
        float,
    ).reshape(-1, 4, 2)
    order = reading_order(quads)
    assert sorted(order) == list(range(len(cells)))
    read = [(cells[i][1], cells[i][0]) for i in order]
    assert read == sorted(read)  # rows from the top, each from the left


@given(st.integers(30, 200), st.integers(8, 20), st.floats(-30, 30))
@settings(max_examples=60)
def test_a_text_kernel_grows_to_its_line(length: int, thickness: int, degrees: float) -> None:
    rect = ((160.0, 160.0), (float(length), float(thickness)), degrees)
    kernel = cv2.boxPoints(rect)
    image = np.zeros((320, 320), np.float32)
    cv2.fillPoly(image, [np.round(kernel).astype(np.int32)], 0.9)
    (quad,) = quads_from_map(image).quads
    assert np.allclose(quad.mean(axis=0), (160, 160), atol=2)
    area = cv2.contourArea(quad.astype(np.float32))
    assert area > 1.3 * length * thickness
    assert cv2.pointPolygonTest(quad.astype(np.float32), (160, 160), measureDist=False) > 0


@given(st.floats(-40, 40), st.permutations(range(4)))
def test_corners_are_ordered_from_the_upper_left(degrees: float, order: list[int]) -> None:
    corners = cv2.boxPoints(((100.0, 100.0), (90.0, 20.0), degrees))
    quad = clockwise_from_upper_left(np.asarray(corners[order], np.float32))
    assert (quad[0] + quad[3])[0] < (quad[1] + quad[2])[0]
    assert quad[0, 1] < quad[3, 1]
    assert quad[1, 1] < quad[2, 1]
