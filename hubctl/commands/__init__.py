"""The commands of `dochub`, one module a subject; each imports what it needs when it runs."""
