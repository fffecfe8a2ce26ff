"""Files, kept by tenant and content hash."""
