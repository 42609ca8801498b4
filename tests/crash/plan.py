"""What is tried: every short workload, and longer ones drawn by lot."""

from collections.abc import Callable, Sequence
from itertools import product
from random import Random

from tests.crash import partition
from tests.crash.explore import Base, Explorer
from tests.crash.geometry import Geometry
from tests.crash.lives import Life
from tests.crash.world import ACTIONS, WEAR

DEPTH = 3


def starts(geometry: Geometry) -> list[tuple[Life, ...]]:
    """What had happened before a workload begins.

    Nothing; the ring has gone round and the next block is erased; gone round, at a block's very
    end, with a block to erase; gone round, and the last commit was torn. Where there are blocks
    to spare: gone round, and a block is about to fail; where not: new, and every claim was torn.

    Of regions: none; two, and the table's ring has gone round; one that has moved behind free
    blocks that were somebody's, with records; all is formatted; and a block is about to fail.
    """
    if geometry.regions:
        return [
            (),
            (Life("AxAxAxAxAxAxAB"),),
            (Life("ABscsxgs"),),
            (Life("BsFA"),),
            *[(Life("ABs" + kind),) for kind in WEAR],
        ]
    n = geometry.count
    more: list[tuple[Life, ...]]
    if geometry.spare:
        more = [(Life("mL" * n + "c" + kind),) for kind in WEAR]
    else:
        more = [(Life("s", 1, ("first", 1)),) * n]
    return [
        (),
        (Life("mL" * n + "ci"),),
        (Life("Lm" * n + "f"),),
        (Life("mL" * n), Life("m", 1, ("first", 40))),
        *more,
    ]


def words(length: int, regions: bool = False) -> list[str]:
    """All workloads of so many actions."""
    actions = partition.ACTIONS if regions else ACTIONS
    return ["".join(letters) for letters in product(actions, repeat=length)]


def search(
    explorers: Sequence[Explorer], told: Callable[[str], None] = lambda _: None, seed: int = 1
) -> None:
    """Every workload of up to three actions after every start, the shorter ones first.

    Every operation is cut in every shape, and what follows is cut at every operation again. Of
    workloads of three actions that is so for the first explorer and its first two starts; the
    others are cut in one shape of each kind. In between longer lives are drawn. `told` is told
    what is under way.
    """
    random = Random(seed)
    for length in range(1, DEPTH + 1):
        for i, explorer in enumerate(explorers):
            for j, lives in enumerate(starts(explorer.geometry)):
                base = explorer.base(lives)
                if base:
                    told(f"{length} actions on {explorer.geometry}")
                    every(explorer, base, length, length < DEPTH or i == 0 and j < 2)
                    explorer.wander(random)


def every(
    explorer: Explorer, base: Base, length: int, whole: bool = True, second: int | None = None
) -> None:
    """All workloads of a length, cut as Explorer.word says."""
    for word in words(length, explorer.geometry.regions):
        explorer.word(base, word, whole, second)


def wander(explorers: Sequence[Explorer], seed: int = 2) -> None:
    """Longer lives without end."""
    random = Random(seed)
    while True:
        for explorer in explorers:
            explorer.wander(random)
