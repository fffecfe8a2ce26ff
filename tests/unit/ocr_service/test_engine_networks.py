"""The changed graphs read what the models as shipped read, on either runtime."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr_service.engine.models import verified
from ocr_service.engine.networks import (
    BAND_PIXELS,
    STRIDE_PX,
    Detector,
    Recogniser,
    band_rows,
    bucket,
    in_bucket,
)
from ocr_service.engine.prepared import cache_folder, prepared_detector
from ocr_service.engine.runtime import ONNXRUNTIME, OPENVINO, runtime
from ocr_service.pipeline.crops import cut
from ocr_service.pipeline.ctc import read_chars
from ocr_service.pipeline.detection import detect, quads_from_map

DATA = Path(__file__).resolve().parents[2] / "data" / "scripts"
Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def page(draw: Callable[..., Image.Image]) -> Pixels:
    return np.ascontiguousarray(np.asarray(draw())[:, :, ::-1])


@pytest.fixture(scope="module", params=[OPENVINO, ONNXRUNTIME])
def readers(request: pytest.FixtureRequest) -> tuple[Detector, Recogniser]:
    machine = runtime(request.param)
    return Detector.load(machine, 2), Recogniser.load("latin_cjk", machine, 2)


def strips_of(page: Pixels, detector: Detector) -> list[Pixels]:
    return [cut(page, quad) for quad in detect(page, detector).quads]


def texts(strips: list[Pixels], recogniser: Recogniser) -> list[str]:
    paths = recogniser.best_paths(strips)
    return ["".join(c.text for c in read_chars(*path, recogniser.alphabet)) for path in paths]


class AsShipped:
    """The recogniser without any change to its graph."""

    def __init__(self) -> None:
        """Load it."""
        model = onnx.load_from_string(verified("latin_cjk"))
        listed = next(p.value for p in model.metadata_props if p.key == "character")
        self.alphabet = (*listed.split("\n"), " ")
        self.session = onnxruntime.InferenceSession(model.SerializeToString())

    def text(self, strip: Pixels) -> str:
        blob = cv2.dnn.blobFromImage(in_bucket(strip), 1 / 127.5, mean=(127.5,) * 3)
        (shares,) = self.session.run(None, {"x": blob})
        path = shares[0].argmax(axis=1), shares[0].max(axis=1)
        return "".join(char.text for char in read_chars(*path, self.alphabet))


@pytest.fixture(scope="module")
def as_shipped() -> AsShipped:
    return AsShipped()


def test_the_detector_sees_what_the_model_as_shipped_sees(
    page: Pixels, readers: tuple[Detector, Recogniser]
) -> None:
    seen = np.asarray(cv2.resize(page, (800, 544)), np.uint8)
    blob = cv2.dnn.blobFromImage(seen, 1 / 127.5, mean=(127.5,) * 3)
    (expected,) = onnxruntime.InferenceSession(verified("detector")).run(None, {"x": blob})
    for together in (False, True):
        logits = readers[0].with_threads(together=together).logits(seen)
        agree = (logits > 0) == (expected[0, 0] > 0.5)
        assert agree.mean() > 0.998


def test_western_text_is_read_as_with_the_whole_alphabet(
    page: Pixels,
    readers: tuple[Detector, Recogniser],
    as_shipped: AsShipped,
    lines: tuple[str, ...],
) -> None:
    detector, recogniser = readers
    strips = strips_of(page, detector)
    assert set(texts(strips, recogniser)) == set(map(as_shipped.text, strips)) == set(lines)


def test_chinese_and_japanese_are_read_as_with_the_whole_alphabet(
    readers: tuple[Detector, Recogniser], as_shipped: AsShipped
) -> None:
    detector, recogniser = readers
    page = np.asarray(cv2.imread(str(DATA / "chinese_japanese.png")), np.uint8)
    strips = strips_of(page, detector)
    read = texts(strips, recogniser)
    assert read == list(map(as_shipped.text, strips))
    assert "购买方名称：上海远东贸易有限公司" in read
    assert any("カタカナのノート" in text for text in read)


def test_an_ideograph_alone_among_western_lines_is_read(
    page: Pixels, readers: tuple[Detector, Recogniser], as_shipped: AsShipped
) -> None:
    detector, recogniser = readers
    foreign = np.asarray(cv2.imread(str(DATA / "chinese_japanese.png")), np.uint8)
    mixed = [*strips_of(page, detector), strips_of(foreign, detector)[0]]
    assert texts(mixed, recogniser) == list(map(as_shipped.text, mixed))


@pytest.mark.parametrize("width", range(1, 1400, 37))
def test_a_strip_is_hardly_stretched(width: int) -> None:
    assert in_bucket(np.zeros((48, width, 3), np.uint8)).shape[1] == bucket(width)
    assert bucket(width) % 16 == 0
    if width >= 120:
        assert bucket(width) / width == pytest.approx(1, abs=0.07)


def test_usual_lines_meet_few_widths() -> None:
    assert len({bucket(width) for width in range(1, 961)}) <= 32


def test_a_damaged_cache_entry_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = prepared_detector()
    (entry,) = cache_folder().iterdir()
    entry.write_bytes(entry.read_bytes()[:1000])
    assert prepared_detector() == made
    assert entry.stat().st_size > len(made)


def test_a_runtime_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="abacus"):
        runtime("abacus")


def test_bands_cover_every_row_once_and_stay_small() -> None:
    for height, width in ((32, 32), (1280, 960), (2016, 1440), (736, 3936)):
        bands = band_rows(height, width)
        assert [row for band in bands for row in range(*band)] == list(range(height))
        assert all(top % STRIDE_PX == 0 for top, _ in bands)
        assert max(bottom - top for top, bottom in bands) * width <= BAND_PIXELS + STRIDE_PX * width


def test_lines_on_the_seams_of_bands_are_found_once(readers: tuple[Detector, Recogniser]) -> None:
    page: Pixels = np.full((2016, 1440, 3), 255, np.uint8)
    rows = range(60, 1960, 45)
    for row in rows:
        cv2.putText(page, "Seventeen boxes of paper", (90, row), 0, 1.0, (0, 0, 0), 2)
    found = quads_from_map(readers[0].logits(page)).quads
    assert len(band_rows(2016, 1440)) > 1
    assert len(found) == len(rows)
