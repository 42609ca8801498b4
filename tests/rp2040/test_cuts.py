"""Real firmware on an emulated Pico keeps its promises, whenever the power goes.

Law 6 by a ledger outside, nothing durable is lost or changed, no handler begins before its action
is on record, and the laptop replays every journal: after each of the cuts.
"""

from __future__ import annotations

import re

import pytest

from tests.rp2040.campaign import Chain, lead
from tests.rp2040.subjects import SUBJECTS, Subject
from tests.rp2040.worlds import FORGOTTEN, Worlds
from tsme_host.tools.boards.rp2040js import BLOCK, FILES, Pico

# (subject, seed, cuts): together 600.
SHARES = [
    ("greenhouse", 1, 70),
    ("greenhouse", 11, 70),
    ("pumps", 1, 80),
    ("pumps", 11, 80),
    ("dry pumps", 1, 65),
    ("dry pumps", 11, 65),
    ("coldchain", 1, 65),
    ("coldchain", 11, 65),
    ("house", 1, 40),
]
ONCE = ("greenhouse", "pumps")  # whose `once` tasks are often cut


@pytest.mark.parametrize(("name", "seed", "cuts"), SHARES)
def test_no_cut_breaks_a_promise(name: str, seed: int, cuts: int):
    with Worlds(name, seed) as worlds:
        while worlds.count.total < cuts:
            worlds.live()
        count = worlds.count
    print(count.line())
    assert {"instruction", "program", "erase"} <= set(count.cuts)
    assert count.recovering
    assert count.torn
    assert count.checkpoints
    assert count.erases > SUBJECTS[name].blocks  # the ring has gone round, or a block was given up
    if name in ONCE:
        assert count.interrupted


def test_the_shares_are_600_cuts_of_every_subject():
    assert sum(cuts for _, _, cuts in SHARES) == 600
    assert {name for name, _, _ in SHARES} == set(SUBJECTS)


@pytest.mark.parametrize("broken", ["law 6", "late"])
def test_a_law_that_is_not_kept_is_found(broken: str):
    what = {
        "law 6": "began 2 times",
        "late": "durable|started: False|is gone|no record hands out|does not hold the state",
    }[broken]
    chain = Chain("pumps", 1)
    _, wrong = lead(chain, lambda: True, broken)
    assert re.search(what, wrong)
    assert f"REPRO='{chain}'" in wrong


@pytest.mark.parametrize("name", ["pumps", "house"])
def test_each_life_begins_before_the_journals_are_read(name: str):
    """What is put back with a snapshot knows nothing of what the life before left in flash."""
    subject: Subject = SUBJECTS[name]
    with Pico(usb=False) as pico:
        pico.put_files(subject.files(""))
        pico.start()
        start = FILES + pico.region.start * BLOCK
        pico.do("watch", at=start, length=subject.blocks * BLOCK)
        pico.run(until="P\n", line="uart", instructions=FORGOTTEN)
        assert pico.do("watched")["reads"] == 0
        pico.write(b"0\n", "uart")
        pico.run(until="R", line="uart", instructions=FORGOTTEN)
        assert pico.do("watched")["reads"] > 0


def test_a_life_from_a_snapshot_is_that_from_a_reset():
    """To the instruction: the same said, the same flash."""
    subject = SUBJECTS["pumps"]
    lives = []
    for snapshot in (False, True):
        with Pico(usb=False) as pico:
            pico.put_files(subject.files(""))
            pico.start()
            pico.run(until="P\n", line="uart", instructions=FORGOTTEN)
            if snapshot:
                pico.save()
                pico.write(b"0\n", "uart")
                pico.run(until="S pumps 9\n", line="uart", instructions=FORGOTTEN)
                pico.stop()
                pico.restore()
                pico.put_journals(b"\xff" * subject.blocks * BLOCK)
            pico.write(b"0\n", "uart")
            after = pico.run(until="Z\n", line="uart", instructions=FORGOTTEN)
            lives.append((after.uart, after.instructions, pico.journals(subject.blocks)))
    assert lives[0] == lives[1]
