class ExpressionError(Exception):
    """An evaluation has failed.  `code` is JSONata's; what else is known of it are attributes."""

    code: str
    message: str | None
    def __init__(self, code: str) -> None: ...
    def cause(self) -> str: ...
