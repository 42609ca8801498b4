"""What can be wrong with a filter, and with a pattern in it."""


class FilterError(Exception):
    """A mistake in a filter."""


class Unsupported(Exception):
    """What this version, and as far as known AWS, does not have."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
