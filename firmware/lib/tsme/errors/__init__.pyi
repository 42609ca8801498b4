"""Errors of the package, each with a code of docs/ERRORS.md."""

class TsmeError(Exception):
    """`code`: such as TSME-V002; `message`: what, where, and often how to mend it."""

    code: str
    message: str
    def __init__(self, code: str, message: str) -> None: ...

class LimitError(TsmeError):
    """More was asked than a limit allows: `asked`, `limit`."""

    limit: int
    asked: int
    def __init__(self, code: str, what: str, asked: int, limit: int, how: str) -> None: ...

def fault(code: str, *args: object) -> TsmeError: ...
def over(code: str, asked: int, limit: int, name: str | None = None) -> LimitError: ...

class StatesError(Exception):
    name: str
    cause: str | None
    number: int
    value: object
    def __init__(
        self, name: str | None, cause: str | None, number: int = 0, value: object = None
    ) -> None: ...

class IntrinsicError(Exception): ...

def error(number: int, value: object = None) -> StatesError: ...
