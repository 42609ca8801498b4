class TsmeError(Exception):
    code: str
    message: str
    def __init__(self, code: str, message: str) -> None: ...

class LimitError(TsmeError):
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
