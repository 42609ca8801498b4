"""How a process of `tsme` is told to end.  It is read before all else, so nothing is imported."""

INTERRUPTED = 130


class Stopped(BaseException):
    """The process was told to end: SIGTERM, or SIGHUP from a terminal that is gone."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
