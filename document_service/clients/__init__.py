"""The world outside, behind ports: the reader, and the tenant's events."""
