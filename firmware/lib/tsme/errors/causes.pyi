"""Names and causes of the errors that the device makes, by number (docs/SPEC.md, 2.9)."""

ERRORS: tuple[tuple[str, str], ...]
