"""Pure values and rules that need no I/O."""
