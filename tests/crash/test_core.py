"""The journal in C: it asks the flash for what the one in Python asks for, survives every cut, and
the proof of that finds a journal that is broken on purpose."""

import re
from pathlib import Path
from random import Random

import pytest

from tests.crash import core
from tests.crash.core_broken import BREAKS, UNSEEN, Break
from tests.crash.flash import NAMES
from tests.crash.geometry import GEOMETRIES, Geometry
from tests.crash.lives import Life, fails, shrink, write
from tests.crash.test_lives import FOUND, crash
from tests.crash.world import WEAR

# Distinct cut states that must be survived, and within how many one that is broken is found.
STATES = 250_000
SOON = 1_000_000
WHERE = [Geometry.parse(text) for text in ("256x3p32", "256x9p32", "256x2e16")]
WIDE = [*GEOMETRIES, *map(Geometry.parse, ("512x14p32", "256x9e32", "256x30p8", "512x8e64"))]


def lives(random: Random) -> str:
    """Some lives on flash of some shape, cut somewhere, in which a block may wear out."""
    geometry = random.choice(WIDE)
    found = []
    for _ in range(random.randint(1, 6)):
        letters = "".join(random.choices("szemfLcCir", (5, 1, 3, 3, 2, 2, 2, 1, 4, 1), k=9))
        if geometry.spare and random.random() < 0.25:
            letters += random.choice("".join(WEAR)) + "imLs"
        shape = (random.choice(list(NAMES.values())), random.choice((None, 1, 20, 70, 200)))
        cut = random.random() < 0.75
        found.append(Life(letters, random.randint(1, 30), shape) if cut else Life(letters))
    return write(geometry, tuple(found))


def differs(seed: int, program: Path | None = None, count: int = 60) -> str | None:
    """Lives that both journals lead otherwise: other operations, other bytes, other records."""
    random = Random(seed)
    for _ in range(count):
        text = lives(random)
        told: list[str] = []
        assert fails(text, told.append) is None
        if core.told(text, program) != told:
            return text
    return None


@pytest.mark.parametrize("seed", range(3))
def test_it_asks_the_flash_for_the_same_things_in_the_same_order(seed: int) -> None:
    assert differs(seed) is None


def test_what_is_committed_survives_every_cut_and_a_second_one() -> None:
    total = core.run(STATES, None, jobs=1)
    print(total.line())
    assert not total.kinds()
    assert total.states >= STATES


@pytest.fixture(scope="module")
def strict() -> Path:
    """The program with all assertions, and with what finds wrong addresses and overflows."""
    flags = "-DTSME_ASSERTS=1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"
    folder = core.BUILD / "strict"
    made = [core.compiled(part, folder / (part.stem + ".o"), *flags) for part in core.parts()]
    return core.link(made, folder / "crash", *flags)


def test_nothing_that_is_asserted_is_broken_and_no_address_is_wrong(strict: Path) -> None:
    total = core.run(8_000, None, 1, strict)
    assert not total.kinds()
    random = Random(7)
    with core.Checker(strict) as checker:
        wrong = {checker.fails(lives(random)) for _ in range(300)} - {None}
    assert all("TSME-J011" in str(what) for what in wrong), "more has failed than may"


def test_what_was_found_once_stays_mended() -> None:
    with core.Checker() as checker:
        assert [checker.fails(text) for text in FOUND] == [None] * len(FOUND)
        assert checker.fails("256x3p32:y") == "that is no reproducer such as 256x3p32:s@1f4"


@pytest.mark.parametrize("name", BREAKS)
def test_a_journal_broken_on_purpose_is_found(name: str) -> None:
    """With a reproducer that fails on replay, also when made shorter, and not when mended."""
    program = BREAKS[name].build(name)
    total = core.run(SOON, None, 1, program, WHERE, enough=1)
    assert total.violations, f"it is not found in {total.states} cut states"
    found = total.kinds()[0].reproducer
    with core.Checker(program) as broken, core.Checker() as whole:
        assert broken.fails(found)
        short, _ = shrink(found, tries=300, fails=broken.fails)
        assert len(short) <= len(found)
        print(f"{total.states} cut states: {short}")
        assert whole.fails(found) is None
        assert whole.fails(short) is None


@pytest.mark.parametrize("name", UNSEEN)
def test_what_no_cut_shows_is_seen_in_what_the_flash_is_asked(name: str) -> None:
    assert differs(0, UNSEEN[name].build(name))


def test_a_place_that_is_gone_is_no_broken_journal() -> None:
    gone = Break("nothing", "tsme_journal.c", "no such place", "")
    with pytest.raises(AssertionError, match="no such place"):
        gone.build("gone")


def test_make_crash_proves_it_too_and_replays_on_both() -> None:
    done = crash("--seconds", "1", "--on", "core")
    assert re.fullmatch(r"[1-9]\d* cut states, 0 violations", done.stdout.splitlines()[-1])
    assert (done.returncode, done.stderr) == (0, "")
    again = crash("--repro", "256x3p32:s@1f4")
    python, _, native = again.stdout.partition("the journal in C:\n")
    assert [line for line in python.splitlines() if line in native.splitlines()][1:]
    assert again.stdout.splitlines()[-1] == "1 cut states, 0 violations"
