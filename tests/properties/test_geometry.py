"""Boxes survive the way from the page as given to the upright picture and back."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ocr_service.pipeline.geometry import (
    as_quad,
    mapped,
    part_of,
    slant,
    straightening,
    turning,
)
from ocr_service.pipeline.orientation import turned_corners
from ocr_service.pipeline.recipe import LEVEL_DEGREES, turn, upright_image

sides = st.integers(20, 400)
rotations = st.sampled_from([0, 90, 180, 270])
skews = st.floats(-8, 8)
shares = st.floats(0, 1)


@given(sides, sides, rotations, skews, st.tuples(shares, shares))
def test_a_point_comes_back_from_the_upright_picture(
    width: int, height: int, rotation: int, skew: float, place: tuple[float, float]
) -> None:
    page = np.full((height, width, 3), 255, np.uint8)
    upright, transform = upright_image(page, rotation, skew)
    point = np.array([place]) * (width, height)
    there = mapped(point, transform)
    assert (there >= -1e-6).all()
    assert (there <= np.array(upright.shape[1::-1]) + 1e-6).all()
    back = mapped(there, np.asarray(np.linalg.inv(transform), np.float64))
    assert np.allclose(back, point, atol=1e-6)


@given(st.integers(20, 60), st.integers(20, 60), rotations, shares, shares)
def test_a_pixel_lies_where_its_point_is_mapped(
    width: int, height: int, rotation: int, x: float, y: float
) -> None:
    column, row = min(int(x * width), width - 1), min(int(y * height), height - 1)
    page = np.zeros((height, width, 3), np.uint8)
    page[row, column] = 255
    ((there_x, there_y),) = mapped(
        np.array([[column + 0.5, row + 0.5]]), turning(width, height, rotation)
    )
    turned = turn(page, rotation)
    assert turned[int(there_y), int(there_x)].tolist() == [255, 255, 255]


@given(st.floats(-6, 6))
def test_levelling_takes_the_slant_away(skew: float) -> None:
    angle = math.radians(skew)
    run = 400 * np.array([math.cos(angle), math.sin(angle)])
    start, below = np.array([100.0, 200.0]), np.array([100.0, 210.0])
    quad = np.array([[start, start + run, below + run, below]])
    assert abs(slant(quad) - skew) < 1e-6
    _, transform = upright_image(np.full((400, 600, 3), 255, np.uint8), 0, slant(quad))
    level = mapped(quad[0], transform)
    tolerated = 400 * math.sin(math.radians(LEVEL_DEGREES))
    assert abs(level[1, 1] - level[0, 1]) <= tolerated


@given(sides, sides, rotations)
def test_corners_keep_their_way_round(width: int, height: int, rotation: int) -> None:
    page = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], float)
    turned = mapped(turned_corners(page, rotation), turning(width, height, rotation))[0]
    # Whatever the turn, the renumbered corners start at the upper left of the turned page.
    w, h = (height, width) if rotation in (90, 270) else (width, height)
    assert np.allclose(turned, [[0, 0], [w, 0], [w, h], [0, h]])


@given(shares, shares, st.floats(1, 300), st.floats(1, 40), st.floats(0, 360))
def test_parts_of_a_quad_share_its_sides(
    a: float, b: float, length: float, thickness: float, degrees: float
) -> None:
    start, end = sorted((a, b))
    angle = math.radians(degrees)
    along = np.array([math.cos(angle), math.sin(angle)]) * length
    across = np.array([-math.sin(angle), math.cos(angle)]) * thickness
    origin = np.full(2, 50.0)
    quad = np.array([origin, origin + along, origin + along + across, origin + across])
    part = part_of(quad, start, end)
    assert np.allclose(np.linalg.norm(part[1] - part[0]), (end - start) * length, atol=1e-6)
    assert np.allclose(np.linalg.norm(part[3] - part[0]), thickness, atol=1e-6)


@given(st.lists(st.floats(-1e4, 1e4), min_size=8, max_size=8), sides, sides)
def test_no_box_leaves_its_page(values: list[float], width: int, height: int) -> None:
    for x, y in as_quad(np.array(values).reshape(4, 2), width, height):
        assert 0 <= x <= width
        assert 0 <= y <= height


@given(sides, sides, skews)
def test_a_level_canvas_holds_the_whole_page(width: int, height: int, skew: float) -> None:
    transform, canvas_w, canvas_h = straightening(width, height, skew)
    corners = mapped(np.array([[0, 0], [width, 0], [width, height], [0, height]], float), transform)
    assert (corners >= -1e-6).all()
    assert (corners <= np.array([canvas_w, canvas_h]) + 1e-6).all()
