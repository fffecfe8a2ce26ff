"""PostgreSQL: tenant-bound transactions, migrations, and the embedded server."""
