"""The page made upright: tokens, segments and rows, and who stands right of or below whom."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ocr_service.domain.page import Line, Page, Quad, TextSource, Word
from paperwork.readings import FieldSource, Region
from paperwork.values.text import ordered_thai

COLUMN_GAP = 1.1
"""A gap between words wider than this many line heights divides a line into segments."""

# Distances between the middles of two segments, over their summed heights.
_SAME_ROW = 0.16
_SLANTED_ROW = 0.34  # Thai marks make neighbours on one line differ in height

MAX_TOKEN_CHARS = 200
"""Longer words carry no field; they are cut so that no pattern meets an endless text."""

MAX_TOKENS_PER_SEGMENT = 60
"""Longer runs are prose; they are cut so that every step stays linear."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word, with its upright extent in pixels of the turned page.

    Attributes:
        text: As read, Thai marks in order.
        x0: Left edge on the upright page; y0, x1, y1 likewise.
        y0: Top edge.
        x1: Right edge.
        y1: Bottom edge.
        confidence: In [0, 1].
        quad: Its corners on the page as given.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float
    quad: Quad


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that belong together on one line, up to a wide gap.

    Attributes:
        tokens: From left to right, at least one.
        text: The tokens as they stand; `starts` gives each token's first character in it.
        starts: One index into `text` a token.
        sheet: Index of its sheet in the document.
        row: Index of its row in the sheet.
        place: Index of its place in the row.
    """

    tokens: tuple[Token, ...]
    text: str
    starts: tuple[int, ...]
    sheet: int
    row: int = 0
    place: int = 0

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.tokens[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(self.tokens[-1].x1, self.tokens[0].x1)

    @property
    def y0(self) -> float:
        """Top edge."""
        return min(t.y0 for t in self.tokens)

    @property
    def y1(self) -> float:
        """Bottom edge."""
        return max(t.y1 for t in self.tokens)

    @property
    def height(self) -> float:
        """Height of its tallest word, never zero."""
        return max(self.y1 - self.y0, 1.0)

    def tokens_between(self, start: int, end: int) -> tuple[Token, ...]:
        """The tokens that the characters from `start` up to `end` touch."""
        return tuple(
            t
            for t, s in zip(self.tokens, self.starts, strict=True)
            if s < end and s + len(t.text) > start
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page, upright.

    Attributes:
        index: Its place in the document, from 0.
        number: Its page number, from 1.
        width: Width of the upright page.
        height: Height of the upright page.
        rows: Segments from top to bottom, each row from left to right.
        text_height: Median height of its words.
        angle: Radians by which its lines rise against the page as given.
        source: Where its text came from.
    """

    index: int
    number: int
    width: float
    height: float
    rows: tuple[tuple[Segment, ...], ...]
    text_height: float
    angle: float
    source: FieldSource

    def right_of(self, segment: Segment) -> Sequence[Segment]:
        """The segments that follow on the same row, nearest first."""
        return self.rows[segment.row][segment.place + 1 : segment.place + 9]

    def below(self, segment: Segment, rows: int = 2) -> Iterator[Segment]:
        """Segments of the next rows that share the segment's column, nearest row first."""
        for row in self.rows[segment.row + 1 : segment.row + 1 + rows]:
            yield from self.overlapping(row, segment.x0, segment.x1)

    def overlapping(self, row: tuple[Segment, ...], x0: float, x1: float) -> Iterator[Segment]:
        """The segments of a row that share part of a horizontal extent, at most eight."""
        first = max(0, bisect_left(row, x0, key=lambda s: s.x0) - 1)
        for candidate in row[first : first + 9]:
            if candidate.x0 >= x1:
                return
            if candidate.x1 > x0:
                yield candidate

    def region(self, tokens: Sequence[Token]) -> Region:
        """The smallest box along the lines of text that holds the tokens, on the page as given."""
        corners = [_turned(p, -self.angle) for t in tokens for p in t.quad]
        xs, ys = [p[0] for p in corners], [p[1] for p in corners]
        box = ((min(xs), min(ys)), (max(xs), min(ys)), (max(xs), max(ys)), (min(xs), max(ys)))
        return Region(self.number, tuple(_turned(p, self.angle) for p in box))


def sheet_of(page: Page, index: int) -> Sheet:
    """Turn a page upright by the direction its own lines run in, and order it into rows."""
    angle = _angle(page.lines)
    tokens_of_lines = [_tokens(line, angle) for line in page.lines if line.text.strip()]
    everything = [t for tokens in tokens_of_lines for t in tokens]
    left = min((t.x0 for t in everything), default=0.0)
    top = min((t.y0 for t in everything), default=0.0)
    dx, dy = min(left, 0.0), min(top, 0.0)
    pieces = [
        piece
        for line, tokens in zip(
            (x for x in page.lines if x.text.strip()), tokens_of_lines, strict=True
        )
        for piece in _pieces(line.text, [_moved(t, -dx, -dy) for t in tokens], index)
    ]
    rows = tuple(
        tuple(
            Segment(s.tokens, s.text, s.starts, index, number, place) for place, s in enumerate(row)
        )
        for number, row in enumerate(_rows(pieces))
    )
    sideways = abs(math.sin(angle)) > 0.7
    return Sheet(
        index,
        page.number,
        float(page.height if sideways else page.width),
        float(page.width if sideways else page.height),
        rows,
        median(t.y1 - t.y0 for t in everything) if everything else 1.0,
        angle,
        FieldSource.TEXT_LAYER if page.text_source is TextSource.TEXT_LAYER else FieldSource.OCR,
    )


def _angle(lines: Sequence[Line]) -> float:
    """Median direction of the longer lines; exactly zero when they run level."""
    bases = []
    for line in lines:
        (ax, ay), (bx, by) = line.box[0], line.box[1]
        length = math.hypot(bx - ax, by - ay)
        if length > 0 and len(line.text) > 2:
            bases.append((length, math.atan2(by - ay, bx - ax)))
    if not bases:
        return 0.0
    longest = sorted(bases, reverse=True)[: max(1, len(bases) // 2)]
    around = longest[0][1]
    turns = [around + (a - around + math.pi) % (2 * math.pi) - math.pi for _, a in longest]
    angle = median(turns)
    return 0.0 if abs(angle) < 1e-3 else angle


def _turned(point: tuple[float, float], angle: float) -> tuple[float, float]:
    if angle == 0.0:
        return point
    cos, sin = math.cos(angle), math.sin(angle)
    return (point[0] * cos - point[1] * sin, point[0] * sin + point[1] * cos)


def _tokens(line: Line, angle: float) -> list[Token]:
    words = line.words or (Word(line.text, line.box, line.confidence),)
    tokens = []
    for word in words:
        text = ordered_thai(word.text.strip()[:MAX_TOKEN_CHARS])
        if not text:
            continue
        corners = [_turned(p, -angle) for p in word.box]
        xs, ys = [p[0] for p in corners], [p[1] for p in corners]
        tokens.append(Token(text, min(xs), min(ys), max(xs), max(ys), word.confidence, word.box))
    return sorted(tokens, key=lambda t: t.x0)


def _moved(token: Token, dx: float, dy: float) -> Token:
    if dx == 0.0 and dy == 0.0:
        return token
    return Token(
        token.text,
        token.x0 + dx,
        token.y0 + dy,
        token.x1 + dx,
        token.y1 + dy,
        token.confidence,
        token.quad,
    )


def _pieces(line_text: str, tokens: list[Token], index: int) -> Iterator[Segment]:
    """Cut a line at wide gaps; join words by a space unless the line shows none between them."""
    spaced = ordered_thai(line_text)
    run: list[Token] = []
    for token in tokens:
        if run:
            height = max(run[-1].y1 - run[-1].y0, token.y1 - token.y0, 1.0)
            wide = token.x0 - run[-1].x1 > COLUMN_GAP * height
            if wide or len(run) >= MAX_TOKENS_PER_SEGMENT:
                yield _segment(run, spaced, index)
                run = []
        run.append(token)
    if run:
        yield _segment(run, spaced, index)


def _segment(run: list[Token], spaced: str, index: int) -> Segment:
    text, starts = "", []
    position = max(spaced.find(run[0].text), 0)
    for n, token in enumerate(run):
        found = spaced.find(token.text, position, position + len(token.text) + 8)
        if n and found != position:
            text += " "
        starts.append(len(text))
        text += token.text
        position = (found if found >= 0 else position) + len(token.text)
    return Segment(tuple(run), text, tuple(starts), index)


def _rows(segments: list[Segment]) -> list[list[Segment]]:
    """Group segments whose middles agree, then join groups that interlock without overlapping."""
    tight: list[list[Segment]] = []
    for segment in sorted(segments, key=_middle):
        if tight and _apart(tight[-1][0], segment) <= _SAME_ROW:
            tight[-1].append(segment)
        else:
            tight.append([segment])
    rows: list[list[Segment]] = []
    for group in tight:
        group.sort(key=lambda s: s.x0)
        if rows and _apart(rows[-1][0], group[0]) <= _SLANTED_ROW and _interlock(rows[-1], group):
            rows[-1] = sorted(rows[-1] + group, key=lambda s: s.x0)
        else:
            rows.append(group)
    return rows


def _apart(a: Segment, b: Segment) -> float:
    return abs(_middle(a) - _middle(b)) / (a.height + b.height)


def _interlock(a: list[Segment], b: list[Segment]) -> bool:
    """No segment of either group stands above one of the other."""
    together = sorted([*a, *b], key=lambda s: s.x0)
    return all(left.x1 <= right.x0 for left, right in pairwise(together))


def _middle(segment: Segment) -> float:
    return (segment.y0 + segment.y1) / 2
