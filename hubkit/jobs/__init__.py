"""Work that outlives a call: events between services and jobs within one, over PgQueuer."""
