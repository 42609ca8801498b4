from .engine import Engine

class Slot(Engine):
    """What runs one of a board's executions; `name`: of its region."""

    name: str
