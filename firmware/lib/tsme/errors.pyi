class TsmeError(Exception):
    code: str
    message: str
    def __init__(self, code: str, message: str) -> None: ...

class LimitError(TsmeError):
    limit: int
    asked: int
    def __init__(self, code: str, what: str, asked: int, limit: int, how: str) -> None: ...

class Rejected(Exception):
    cause: str
    exception: Exception
    def __init__(self, cause: str, exception: Exception) -> None: ...

def fault(code: str, *args: object) -> TsmeError: ...
def over(code: str, asked: int, limit: int, name: str | None = None) -> LimitError: ...
