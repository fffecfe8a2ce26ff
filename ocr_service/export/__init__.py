"""Pages as files for other programs: hOCR, ALTO and PDF with searchable text."""
