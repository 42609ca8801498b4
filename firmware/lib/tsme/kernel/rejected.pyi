class Rejected(Exception):
    cause: str
    exception: Exception
    def __init__(self, cause: str, exception: Exception) -> None: ...
