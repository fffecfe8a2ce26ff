"""Between the wire and the domain: messages, and what travels in metadata."""
