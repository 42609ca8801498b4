class Info:
    """What recover() found. `records`: committed in all; `steps`: since the newest checkpoint;
    `torn`: something behind the last record was never committed.
    """

    records: int
    steps: int
    torn: bool
    blocks: int
    generation: int
    retired: tuple[int, ...]
    def __init__(
        self,
        records: int,
        steps: int,
        torn: bool,
        blocks: int,
        generation: int,
        retired: tuple[int, ...],
    ) -> None: ...
