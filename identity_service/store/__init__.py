"""People, sessions and sign-in tries in PostgreSQL."""
