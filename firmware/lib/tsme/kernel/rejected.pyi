"""What a workflow never needs, and so does not load."""

class Rejected(Exception):
    """A state machine raised `exception` in a step, which so has not happened."""

    cause: str
    exception: Exception
    def __init__(self, cause: str, exception: Exception) -> None: ...
