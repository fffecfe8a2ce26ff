"""What a document, its upload, its reading and its jobs are; pure and clock-free."""
