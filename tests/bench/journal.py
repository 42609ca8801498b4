"""The journal beside littlefs: the same records on the same flash model, in one run.

1 MiB of NOR flash (sim/nor.py, W25Q timings) in blocks of 4 KiB, for two boards: an ESP32, which
programs 32 bytes at once, and an RP2, which programs pages of 256.  A record has 32 bytes and is
durable before the next one is made.

- littlefs has the settings of MicroPython's VfsLfs2, and makes the same operations as VfsLfs2 does
  (test_journal.py compares).  A record is a write to the end of a file and a sync; after 15,000
  records the file is removed, the file system mounted again, and a new file begun.
- The journal commits steps with bodies of 24 bytes, takes a checkpoint when one is due (those of a
  board with a workflow of three tasks and a wait, in turn), and is offered an idle moment before
  each commit, as the runner does before it sleeps.  The time of what it does then counts, like
  that of checkpoints.

Life is how many commits it takes until the first block has been erased 100,000 times.  A run ends
when its most worn block would be erased once more than so many times; the rest is taken to go on
like that.  In longer runs littlefs's most worn block comes closer to the others, so that it lives
longer than it seems: `life_ratio_even` is the ratio if all its blocks were worn alike, and the
truth lies between the two.  Names without a board have the worse of both.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from statistics import mean
from typing import Any

from littlefs import LittleFS, UserContext

from sim.nor import ERASE_SHAPES, PROGRAM_SHAPES, Nor, PowerLoss
from tsme.engine.engine import Engine
from tsme.journal import Journal
from tsme.journal.records import STEP
from tsme.program import Program
from tsme_host.compiler.compile import compile_text

BLOCK = 4096
COUNT = 256
CYCLES = 100_000
RECORD = 32
BODY = 24  # of a step that fills a slot of 32 bytes
RECYCLE = 15_000  # records in a file
# bytes programmed at once
BOARDS = {"esp32": 32, "rp2": 256}
# Erases of the most worn block in a run: some 400,000 and 1,300,000 commits.
LITTLEFS_CYCLES = 2_000
JOURNAL_CYCLES = 40
LIVES = 250
SHAPES = sorted(set(PROGRAM_SHAPES) & set(ERASE_SHAPES))


@dataclass
class Figures:
    """What `commits` records cost, which `cycles` erases of the most worn block were enough for.

    `worst_us` is the longest commit, without what was done at idle moments before it, but with the
    checkpoint after it; `most_programs` the most program operations in one, without that.
    """

    commits: int
    time_us: int
    programs: int
    programmed: int
    read: int
    erases: int
    cycles: int
    worst_us: int
    most_programs: int

    @classmethod
    def of(cls, nor: Nor, commits: int, worst_us: int, most_programs: int) -> Figures:
        """From the counters of a flash."""
        return cls(
            commits,
            nor.time_us,
            nor.programs,
            nor.bytes_programmed,
            nor.bytes_read,
            nor.erases,
            max(nor.erases_of) - 1,
            worst_us,
            most_programs,
        )

    @property
    def life(self) -> float:
        """Commits until the first block has had all its erases."""
        return CYCLES * self.commits / self.cycles

    @property
    def even_life(self) -> float:
        """The same, if all blocks were worn alike."""
        return CYCLES * self.commits * COUNT / self.erases

    def flat(self, name: str) -> dict[str, float]:
        """The numbers for the table, by a commit."""
        n = self.commits
        return {
            f"{name}.us_per_commit": round(self.time_us / n, 1),
            f"{name}.worst_commit_us": self.worst_us,
            f"{name}.programs_per_commit": round(self.programs / n, 4),
            f"{name}.bytes_programmed_per_commit": round(self.programmed / n, 1),
            f"{name}.bytes_read_per_commit": round(self.read / n, 1),
            f"{name}.erases_per_commit": round(self.erases / n, 5),
            f"{name}.life_commits": round(self.life),
        }


class Context(UserContext):
    """The block device that littlefs sees."""

    def __init__(self, nor: Nor) -> None:
        super().__init__(buffer=nor.data)
        self.nor = nor

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        buf = bytearray(size)
        self.nor.readblocks(block, buf, off)
        return buf

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        self.nor.writeblocks(block, data, off)
        return 0

    def erase(self, cfg: Any, block: int) -> int:
        return self.nor.ioctl(6, block)


def _mount(nor: Nor, new: bool = False) -> LittleFS:
    """As MicroPython does (extmod/vfs_lfsx.c); read and lookahead are defaults of VfsLfs2."""
    read = 32
    fs = LittleFS(
        Context(nor),
        mount=False,
        block_size=nor.block,
        block_count=nor.count,
        read_size=read,
        prog_size=nor.program_size,
        block_cycles=100,
        cache_size=min(nor.block, 4 * max(read, nor.program_size)),
        lookahead_size=32,
    )
    if new:
        fs.format()
    fs.mount()
    return fs


def littlefs(
    program_size: int, cycles: int, warm_up: bool = True, recycle: int = RECYCLE
) -> Figures:
    """What littlefs does until its most worn block is erased for the time after `cycles`."""
    nor = Nor(BLOCK, COUNT, program_size)
    fs = _mount(nor, new=True)
    record = b"\xa5" * RECORD
    file: Any = None

    def commit(n: int) -> None:
        nonlocal fs, file
        if n % recycle == 0:
            if file:
                file.close()
                fs.remove("log")
                fs = _mount(nor)
            file = fs.open("log", "wb", buffering=0)
        file.write(record)
        file.flush()

    return _wear(nor, cycles, warm_up, commit)


def journal(
    program_size: int, cycles: int, checkpoints: Sequence[bytes], warm_up: bool = True
) -> Figures:
    """What the journal does until its most worn block is erased for the time after `cycles`."""
    those = cycle(checkpoints)
    nor = Nor(BLOCK, COUNT, program_size)
    log = Journal(nor)
    log.recover()

    def commit(n: int) -> None:
        log.commit(STEP, n.to_bytes(BODY, "little"))

    def keep() -> None:
        if log.needs_checkpoint():
            log.checkpoint(next(those))

    return _wear(nor, cycles, warm_up, commit, log.idle, keep)


def _nothing() -> None:
    pass


def _wear(
    nor: Nor,
    cycles: int,
    warm_up: bool,
    commit: Callable[[int], None],
    before: Callable[[], object] = _nothing,
    after: Callable[[], None] = _nothing,
) -> Figures:
    """Commit records until a block is erased more than `cycles` times.

    The warm-up, as many erases as there are blocks, does not count: a new region has to be
    claimed, and the like.
    """
    n = worst = most = 0
    for counts in (False, True) if warm_up else (True,):
        nor.reset_counts()
        first = n
        while max(nor.erases_of) <= cycles if counts else nor.erases < nor.count:
            before()
            time, programs = nor.time_us, nor.programs
            commit(n)
            n += 1
            most = max(most, nor.programs - programs)
            after()
            worst = max(worst, nor.time_us - time)
    return Figures.of(nor, n - first, worst, most)


# A step with two inputs may hand out a `once` task, whose start is a step as well.  Five steps a
# round, so that checkpoints come due after each of them.
FLOW: dict[str, Any] = {
    "StartAt": "Look",
    "States": {
        "Look": {"Type": "Task", "Resource": "measure", "ResultPath": "$.sky", "Next": "Measure"},
        "Measure": {
            "Type": "Task",
            "Resource": "measure",
            "ResultPath": "$.soil",
            "Next": "Water",
        },
        "Water": {
            "Type": "Task",
            "Resource": "water",
            "ResultPath": None,
            "Catch": [{"ErrorEquals": ["TSME.Interrupted"], "ResultPath": None, "Next": "Sleep"}],
            "Next": "Sleep",
        },
        "Sleep": {"Type": "Wait", "Seconds": 60, "Next": "Again?"},
        "Again?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "Done"}],
            "Default": "Look",
        },
        "Done": {"Type": "Succeed"},
    },
}


class Board:
    """A device that runs FLOW and whose power fails; time is virtual, from 2026 on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.flash = Nor(BLOCK, 16, seed=seed)
        self.program = Program(compile_text(json.dumps(FLOW)).program)
        self.now = 1767225600000
        self.steps = 0  # committed, in all lives
        self.most = 0  # steps that a recovery replayed
        self.checkpoints: list[bytes] = []

    def sleep(self, ms: int) -> None:
        self.now += ms

    def live(self) -> None:
        """From power-up until the power goes: at a random operation, or, in every second life
        that comes so far, at the checkpoint or what is written before it."""
        self.flash.power_on()
        log = Journal(self.flash)
        engine = Engine(self.program, log, lambda: self.now, self.sleep, lambda: 1)
        engine.task("measure", effect="pure")(lambda payload: 300)
        engine.task("water", effect="once")(lambda payload: None)
        at_checkpoint = self.random.random() < 0.5
        shape = partial(self.random.choice, SHAPES)
        self.flash.cut_at(self.random.randint(1, 1000), shape())

        def watch(event: Any, step: Any) -> None:
            self.steps += 1
            if log.needs_checkpoint():
                self.checkpoints.append(engine.kernel.checkpoint(engine.state))
                if at_checkpoint:
                    self.flash.cut_at(self.random.randint(1, 2), shape())

        engine.watch = watch
        try:
            engine.recover()
            found: Any = engine.found
            self.most = max(self.most, found.steps)
            asyncio.run(engine.run({}))
        except PowerLoss:
            return
        raise AssertionError("the workflow never ends, and the power went")


def recoveries(lives: int, seed: int = 1) -> Board:
    """A board after so many lives, and the most that one of its recoveries had to replay."""
    board = Board(seed)
    for _ in range(lives):
        board.live()
    return board


def measure(
    repeat: int,
    *,
    littlefs_cycles: int = LITTLEFS_CYCLES,
    journal_cycles: int = JOURNAL_CYCLES,
    lives: int = LIVES,
) -> dict[str, float]:
    """Everything is counted, nothing timed: once is enough, whatever `repeat` says."""
    print("the journal beside littlefs")
    board = recoveries(lives)
    out: dict[str, float] = {
        "journal.recovery_steps_max": board.most,
        "journal.recovery.cuts": lives,
        "journal.recovery.steps": board.steps,
        "journal.checkpoint_bytes": round(mean(map(len, board.checkpoints))),
    }
    worst: dict[str, float] = {}
    for name, program_size in BOARDS.items():
        here = journal(program_size, journal_cycles, board.checkpoints)
        there = littlefs(program_size, littlefs_cycles)
        out |= here.flat(f"journal.{name}") | there.flat(f"littlefs.{name}")
        ratios = {
            "time_ratio": there.time_us / there.commits / (here.time_us / here.commits),
            "life_ratio": here.life / there.life,
            "life_ratio_even": here.even_life / there.even_life,
        }
        for ratio, value in ratios.items():
            out[f"journal.vs_littlefs.{name}.{ratio}"] = round(value, 1)
            worst[ratio] = min(value, worst.get(ratio, value))
        most = "journal.program_ops_per_commit"
        out[most] = max(here.most_programs, out.get(most, 0))
    return out | {f"journal.vs_littlefs.{ratio}": round(v, 1) for ratio, v in worst.items()}
