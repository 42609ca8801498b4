"""`tsme status`, `tsme reset` and `tsme time`: the board itself."""

from __future__ import annotations

import time

import click

from .. import console
from ..boards import follow
from ..boards.session import Session, Where, at_board, connected
from ..boards.target import target
from ..errors import DONE, HostError
from ..forms import answers

_AT_PROMPT = "TSME-N035"
_SET = 1_577_836_800_000  # ms: clocks that nobody has set are in the years before 2020
FAR = 60_000  # ms: a clock that is further off is worth a word


@click.command(short_help="Show how a board stands.")
@answers
@at_board
def status(form: str | None, where: Where) -> int:
    """Show which board it is, its tsme, how often it began, and what memory is free."""
    from ..journal.image import duration, timestamp  # noqa: PLC0415

    with connected(where) as board:
        found = board.status
        port = board.target.port
    if form:
        console.answer({"port": port, **vars(found)}, form)
        return DONE
    lines = {
        "port": port,
        "board": found.board or "(it does not say)",
        "tsme": f"{found.tsme}, behaviour {found.behaviour}",
        "mode": found.mode if found.mode == "run" else console.bad(found.mode),
        "boots": f"{found.boots}, {console.count(found.failures, 'failure')} in a row",
        "heap": f"{found.heap} bytes free",
        "time": timestamp(found.now),
        "up": duration(found.uptime),
        "locked": "yes" if found.locked else "no",
    }
    width = max(map(len, lines))
    for name, text in lines.items():
        console.out(f"{name:{width}}  {text}")
    if abs(found.now - time.time_ns() // 1_000_000) > FAR:
        console.note("tsme: its clock is not the laptop's: tsme time --set")
    return DONE


@click.command(short_help="Restart a board.")
@at_board
def reset(where: Where) -> int:
    """Restart the board, and come back when it answers again. What is under way goes on.

    Also a board that stands at its prompt, where nothing runs.
    """
    try:
        with connected(where) as board:
            follow.restart(board.client)
    except HostError as error:
        if error.code != _AT_PROMPT:
            raise
        _from_prompt(where)
    console.note("tsme: it is there again")
    return DONE


def _from_prompt(where: Where) -> None:
    from ..boards.terminal import begin_anew  # noqa: PLC0415

    begin_anew(target(where.board, where.port, where.via).port)
    until = time.monotonic() + follow.BOOT
    while True:
        try:
            with connected(where):
                return
        except HostError as error:
            if error.code not in (_AT_PROMPT, *follow.SILENT) or time.monotonic() > until:
                raise


def set_clock(board: Session, unset_alone: bool = False) -> None:
    """A board without a battery begins in some other year: set its clock, but under nothing that
    runs, whose Waits would all be over at once.  `unset_alone`: only one that nobody has set."""
    now = board.client.time()
    if abs(now - time.time_ns() // 1_000_000) <= FAR or unset_alone and now >= _SET:
        return
    if any(one.status == "running" for one in board.client.executions()):
        console.note("tsme: its clock is not the laptop's, and is left: an execution is under way")
        return
    board.client.set_time(time.time_ns() // 1_000_000)
    console.note("tsme: its clock was not the laptop's, and is set")


@click.command("time", short_help="Show or set the clock of a board.")
@click.option(
    "--set",
    "given",
    is_flag=False,
    flag_value="now",
    metavar="[TIME]",
    help="To this time, such as 2026-01-31T06:00:00Z, or else the laptop's.",
)
@answers
@at_board
def time_(given: str | None, form: str | None, where: Where) -> int:
    """Show the board's clock, or set it. A Wait ends at a point in time, so set it once."""
    from ..journal.image import timestamp  # noqa: PLC0415

    wanted = None if given in (None, "now") else _moment(str(given))
    with connected(where) as board:
        if given is not None:
            board.client.set_time(time.time_ns() // 1_000_000 if wanted is None else wanted)
        now = board.client.time()
    off = now - time.time_ns() // 1_000_000
    if form:
        console.answer({"now": now, "time": timestamp(now), "ahead": off}, form)
        return DONE
    console.out(timestamp(now))
    if abs(off) > FAR and given is None:
        console.note("tsme: that is not the laptop's time: tsme time --set")
    return DONE


def _moment(text: str) -> int:
    """A timestamp in ms since 1970."""
    from tsme.values import timestamp  # noqa: PLC0415

    found = timestamp.ms(text)
    if found is None:
        raise HostError(
            "TSME-H002", f'--set "{text}" is no timestamp', "write 2026-01-31T06:00:00Z"
        )
    return int(found)


COMMANDS = (status, reset, time_)
