"""Between the contract's messages and the reader's own values, both ways.

Places are pixels of the page as given inside, and shares of its width and height outside.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from google.protobuf.any_pb2 import Any as AnyProto
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]  # ships no types
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types
from google.type.date_pb2 import Date  # type: ignore[import-untyped]  # ships no types
from google.type.decimal_pb2 import Decimal as DecimalProto  # type: ignore[import-untyped]  # ships no types

from dochub.ocr.v1 import field_pb2, page_pb2
from dochub.ocr.v1 import ocr_service_pb2 as pb
from dochub.type.v1 import geometry_pb2, value_pb2
from hubkit.core.errors import InvalidArgument
from ocr_service.application import Content, PageRange, Source, Stored
from ocr_service.domain.file_facts import FileFacts
from ocr_service.domain.page import Line, Page, PageFailure, Quad, Table, TextSource, Word
from ocr_service.domain.page_read import PageRead, ReadOptions, UprightImage
from ocr_service.ports import Engine
from paperwork.readings import (
    Extraction,
    FieldReading,
    Finding,
    Region,
    Repair,
    Value,
    canonical,
)

CHUNK_BYTES: Final = 1 << 20
IMAGE_TYPE: Final = "image/webp"
DOMAIN: Final = "dochub"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_MOST_LANGUAGES: Final = 32
_CODES: Final = {"TIMEOUT": 4, "READER_DIED": 13, "INTERNAL": 13}
"""gRPC codes of reasons a page fails for; of all others the file is at fault."""
_INVALID_ARGUMENT: Final = 3

Sizes = Mapping[int, tuple[int, int]]
"""Width and height of pages by number."""


def source_from_proto(source: pb.Source) -> Source:
    """Read what is to be read; raises InvalidArgument when it is neither bytes nor a hash."""
    kind = source.WhichOneof("kind")
    if kind == "content":
        return Content(source.content)
    if kind == "blob":
        if not _SHA256.fullmatch(source.blob.sha256):
            raise InvalidArgument(
                "source.blob.sha256 must be 64 lower-case hexadecimal digits",
                field="source.blob.sha256",
            )
        return Stored(source.blob.sha256)
    raise InvalidArgument("set source.content to the bytes of the file", field="source")


def range_from_proto(request: pb.ReadPagesRequest) -> PageRange:
    """Read the wanted pages; raises InvalidArgument when they make no range."""
    if not request.HasField("pages"):
        return PageRange()
    first, last = request.pages.first, request.pages.last
    if first < 1:
        raise InvalidArgument("pages.first must be 1 or more", field="pages.first")
    if last != 0 and last < first:
        raise InvalidArgument("pages.last must not be before pages.first", field="pages.last")
    return PageRange(first, last or None)


def options_from_proto(options: pb.OcrOptions, *, with_image: bool) -> ReadOptions:
    """Read how to read; raises InvalidArgument for what is no language."""
    if len(options.languages) > _MOST_LANGUAGES or not all(
        _LANGUAGE.fullmatch(language) for language in options.languages
    ):
        raise InvalidArgument(
            f"options.languages takes up to {_MOST_LANGUAGES} codes such as th and en",
            field="options.languages",
        )
    # Models know languages, not their regions and scripts.
    languages = dict.fromkeys(code.partition("-")[0].lower() for code in options.languages)
    return ReadOptions(tuple(languages), options.force_ocr, with_image)


def facts_to_proto(facts: FileFacts) -> pb.InspectDocumentResponse:
    """Write what a file is."""
    return pb.InspectDocumentResponse(
        media_type=facts.media_type.value, page_count=facts.page_count, warnings=facts.warnings
    )


def parts_of(read: PageRead) -> Iterator[pb.ReadPagesResponse]:
    """Write a page, then its picture in pieces."""
    yield pb.ReadPagesResponse(page=page_to_proto(read.page, read.image))
    if read.image is None:
        return
    picture = read.image.webp
    for start in range(0, len(picture), CHUNK_BYTES):
        piece = pb.ImageChunk(
            page_number=read.page.number,
            data=picture[start : start + CHUNK_BYTES],
            last=start + CHUNK_BYTES >= len(picture),
            media_type=IMAGE_TYPE,
        )
        yield pb.ReadPagesResponse(image_chunk=piece)


def page_to_proto(page: Page, image: UprightImage | None = None) -> page_pb2.PageResult:
    """Write a page."""
    size = (page.width, page.height)
    result = page_pb2.PageResult(
        page_number=page.number,
        size_px=geometry_pb2.Size(width=page.width, height=page.height),
        text_source=page_pb2.TextSource.Value(f"TEXT_SOURCE_{page.text_source.value}"),
        rotation=page.rotation,
        skew_degrees=page.skew_degrees,
        lines=[_line_to_proto(line, size) for line in page.lines],
        warnings=page.warnings,
        tables=[_table_to_proto(table, size) for table in page.tables],
    )
    if page.failure is not None:
        result.error.CopyFrom(_failure_to_proto(page.failure))
    if image is not None:
        result.image_size_px.CopyFrom(geometry_pb2.Size(width=image.width, height=image.height))
        result.transform.extend(image.from_page)
    return result


def pages_from_proto(pages: Sequence[page_pb2.PageResult]) -> list[Page]:
    """Read pages that were read before; raises InvalidArgument for those that cannot be."""
    return [_page_from_proto(page, f"pages[{index}]") for index, page in enumerate(pages)]


def today_from_proto(today: Date) -> date:
    """Read a day; raises InvalidArgument when it is none."""
    try:
        return date(today.year, today.month, today.day)
    except ValueError:
        raise InvalidArgument("today must be a calendar day", field="today") from None


def extraction_to_proto(extraction: Extraction, pages: Sequence[Page]) -> field_pb2.Extraction:
    """Write the fields found on pages."""
    sizes = {page.number: (page.width, page.height) for page in pages}
    return field_pb2.Extraction(
        document_type=extraction.document_type,
        functions=extraction.functions,
        type_confidence=extraction.type_confidence,
        fields=[_field_to_proto(field, sizes) for field in extraction.fields.values()],
        line_items=[
            field_pb2.LineItemReading(
                cells=[_field_to_proto(cell, sizes) for cell in item.values()]
            )
            for item in extraction.line_items
        ],
        warnings=extraction.warnings,
        findings=[_finding_to_proto(finding) for finding in extraction.findings],
        repairs=[_repair_to_proto(repair) for repair in extraction.repairs],
        type_alternatives=[
            field_pb2.TypeAlternative(document_type=name, confidence=confidence)
            for name, confidence in extraction.type_alternatives
        ],
        etda_code=extraction.etda_code or "",
        is_copy=extraction.is_copy,
    )


def engine_to_proto(engine: Engine) -> pb.Engine:
    """Write a model."""
    return pb.Engine(
        name=engine.name,
        task=engine.task,
        version=engine.version,
        languages=engine.languages,
        sha256=engine.sha256,
        size_bytes=engine.size_bytes,
        license=engine.licence,
        origin=engine.origin,
    )


def _line_to_proto(line: Line, size: tuple[int, int]) -> page_pb2.Line:
    return page_pb2.Line(
        text=line.text,
        polygon=_polygon(line.box, size),
        confidence=line.confidence,
        words=[
            page_pb2.Word(
                text=word.text, polygon=_polygon(word.box, size), confidence=word.confidence
            )
            for word in line.words
        ],
    )


def _table_to_proto(table: Table, size: tuple[int, int]) -> page_pb2.Table:
    return page_pb2.Table(
        rows=table.rows,
        columns=table.columns,
        is_ruled=table.is_ruled,
        polygon=_polygon(table.box, size),
        cells=[
            page_pb2.Cell(
                row=cell.row,
                column=cell.column,
                row_span=cell.row_span,
                column_span=cell.column_span,
                is_header=cell.is_header,
                kind=page_pb2.CellKind.Value(f"CELL_KIND_{cell.kind.value}"),
                text=cell.text,
                polygon=_polygon(cell.box, size),
                confidence=cell.confidence,
            )
            for cell in table.cells
        ],
    )


def _polygon(box: Sequence[tuple[float, float]], size: tuple[int, int]) -> geometry_pb2.Polygon:
    width, height = max(1, size[0]), max(1, size[1])
    return geometry_pb2.Polygon(
        vertices=[geometry_pb2.Vertex(x=x / width, y=y / height) for x, y in box]
    )


def _failure_to_proto(failure: PageFailure) -> Status:
    info = AnyProto()
    info.Pack(ErrorInfo(reason=failure.reason, domain=DOMAIN))
    code = _CODES.get(failure.reason, _INVALID_ARGUMENT)
    return Status(code=code, message=failure.message, details=[info])


def _field_to_proto(field: FieldReading, sizes: Sizes) -> field_pb2.FieldReading:
    return field_pb2.FieldReading(
        key=field.key,
        value=_value_to_proto(field.value),
        raw_text=field.raw_text,
        confidence=field.confidence,
        source=field_pb2.FieldSource.Value(f"FIELD_SOURCE_{field.source.value}"),
        regions=[_region_to_proto(region, sizes) for region in field.regions],
        extractor=field.extractor,
        alternatives=[
            field_pb2.Alternative(
                value=_value_to_proto(other.value),
                raw_text=other.raw_text,
                confidence=other.confidence,
                reason=other.reason,
                regions=[_region_to_proto(region, sizes) for region in other.regions],
            )
            for other in field.alternatives
        ],
    )


def _finding_to_proto(finding: Finding) -> field_pb2.Finding:
    return field_pb2.Finding(
        id=finding.id,
        severity=field_pb2.Severity.Value(f"SEVERITY_{finding.severity.value}"),
        message_en=finding.message_en,
        message_th=finding.message_th,
        fields=finding.fields,
        line=finding.line or 0,
    )


def _repair_to_proto(repair: Repair) -> field_pb2.Repair:
    return field_pb2.Repair(
        changes=[
            field_pb2.FieldChange(
                key=change.key,
                line=change.line or 0,
                old_value=None if change.old is None else _value_to_proto(change.old),
                new_value=_value_to_proto(change.new),
            )
            for change in repair.changes
        ],
        mends=repair.mends,
        confidence=repair.confidence,
        reason_en=repair.reason_en,
        reason_th=repair.reason_th,
    )


def _value_to_proto(value: Value) -> value_pb2.Value:
    written = canonical(value)
    if isinstance(value, Decimal):
        return value_pb2.Value(number=DecimalProto(value=written), canonical=written)
    if isinstance(value, date):
        day = Date(year=value.year, month=value.month, day=value.day)
        return value_pb2.Value(date=day, canonical=written)
    return value_pb2.Value(text=value, canonical=written)


def _region_to_proto(region: Region, sizes: Sizes) -> geometry_pb2.Region:
    return geometry_pb2.Region(
        page_number=region.page_number,
        polygon=_polygon(region.box, sizes[region.page_number]),
    )


def _page_from_proto(page: page_pb2.PageResult, field: str) -> Page:
    size = (page.size_px.width, page.size_px.height)
    if page.page_number < 1:
        raise InvalidArgument("a page number is 1 or more", field=f"{field}.page_number")
    if page.lines and min(size) < 1:
        raise InvalidArgument("a page with lines has a size", field=f"{field}.size_px")
    failed = page.HasField("error")
    return Page(
        number=page.page_number,
        width=size[0],
        height=size[1],
        text_source=_text_source(page),
        rotation=page.rotation,
        skew_degrees=page.skew_degrees,
        lines=tuple(_line_from_proto(line, size, field) for line in page.lines),
        warnings=tuple(page.warnings),
        failure=PageFailure("INTERNAL", page.error.message) if failed else None,
    )


def _text_source(page: page_pb2.PageResult) -> TextSource:
    known = {source.value for source in TextSource}
    name = page_pb2.TextSource.Name(page.text_source) if page.text_source in _SOURCES else ""
    word = name.removeprefix("TEXT_SOURCE_")
    return TextSource(word) if word in known else TextSource.OCR


_SOURCES: Final = frozenset(page_pb2.TextSource.values())


def _line_from_proto(line: page_pb2.Line, size: tuple[int, int], field: str) -> Line:
    words = tuple(
        Word(word.text, _quad(word.polygon, size, field), word.confidence) for word in line.words
    )
    return Line(line.text, _quad(line.polygon, size, field), line.confidence, words)


def _quad(polygon: geometry_pb2.Polygon, size: tuple[int, int], field: str) -> Quad:
    corners = [(each.x * size[0], each.y * size[1]) for each in polygon.vertices]
    if len(corners) != 4 or not all(math.isfinite(x) and math.isfinite(y) for x, y in corners):
        raise InvalidArgument("a polygon has four finite corners", field=f"{field}.lines")
    first, second, third, fourth = corners
    return (first, second, third, fourth)
