"""Relational machines: many states active at once, relations between them, a clock for each."""
