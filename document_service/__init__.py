"""The system of record: uploads, documents, pages, fields and the jobs that read them."""
