"""The pure engine: records and rules in, sets of documents with their reasons out."""
