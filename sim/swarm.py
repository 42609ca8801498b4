"""What a seed does: which faults it has and how often, drawn anew for each ("swarm testing").

A world in which everything fails never gets far, and one in which each thing fails now and then
never fails twice at the same place; so each seed has some of the faults only, each at a rate of
its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from .rng import Dice, mix
from .simulation import Simulation
from .terms import FAULTS

SIGNAL, NEXT, TWICE, LOSE, LATE, CLOCK, RESET, CUT, IDLE, WORN = range(10)
MOVES = ("signal", "next", "twice", "lose", "late", "clock", "reset", "cut", "idle", "worn")
_MOVES_OF = {
    "twice": TWICE,
    "lose": LOSE,
    "late": LATE,
    "clock": CLOCK,
    "reset": RESET,
    "cut": CUT,
    "worn": WORN,
}
_RATES = (2, 6, 16, 40)  # of 256 moves or tasks
_OFTEN = (1, 2, 5, 12)  # of what needs a recovery, which takes its time
POWER = ("reset", "cut", "worn")  # what takes a journal on flash


class Swarm:
    """rates: of 256, by fault.  table: the kinds of moves, as often as they are to come."""

    def __init__(self, kind: type[Simulation], seed: int, without: Iterable[str] = ()) -> None:
        dice = Dice(mix(seed, 1))
        self.rates = {}
        for fault in kind.faults:
            rates = _OFTEN if fault in POWER else _RATES
            there, rate = dice.below(2), rates[dice.below(len(rates))]
            if there and fault not in without:
                self.rates[fault] = rate
        # Of 256 tasks or messages, where there are any.
        self.strikes = {fault: 2 * self.rates.get(fault, 0) for fault in FAULTS}
        self.power = any(fault in self.rates for fault in POWER)
        table: list[int] = []
        for fault, move in _MOVES_OF.items():
            table += [move] * self.rates.get(fault, 0)
        if self.power:
            table += [IDLE] * 8
        signals = (64, 128, 192)[dice.below(3)]  # of 256 moves that are no faults
        rest = 256 - len(table)
        table += [SIGNAL] * (rest * signals // 256)
        table += [NEXT] * (256 - len(table))
        self.table = tuple(table)
        self.hurry = (1, 1, 20)[dice.below(3)]  # time between moves is divided by it

    def __contains__(self, fault: str) -> bool:
        return fault in self.rates

    def hits(self, dice: Dice, fault: str) -> bool:
        """Does it strike now?"""
        return fault in self.rates and dice.below(256) < self.strikes[fault]
