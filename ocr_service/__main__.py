"""`python -m ocr_service`: serve the reader."""

from hubkit.server.command import main
from ocr_service.bootstrap import NAME, build
from ocr_service.config import OcrSettings

if __name__ == "__main__":
    main(NAME, OcrSettings, build)
