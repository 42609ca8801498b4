"""The commands of the prompt that are for relational machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from .. import console
from ..commands.executions import CANCELED
from ..errors import DONE, FAILED, HostError, did_you_mean
from ..files import read_value
from ..forms import answers
from ..link.answers import Signaled
from .commands import EXECUTION, STATE, TEXT
from .targets import Attached, Moment, Told
from .waiting import OPEN, TIMEOUT, Watch, no

relational = click.Group()
_ARGS = click.option("--args", "given", metavar="JSON", help="What its handlers get.")
_NAME = click.argument("name", metavar="NAME", type=EXECUTION)
_STATES = click.argument("states", metavar="STATE...", type=STATE, nargs=-1, required=True)
_SOME = click.argument("states", metavar="[STATE]...", type=STATE, nargs=-1)


# --- mutations ----------------------------------------------------------------------------------


def _send(at: Attached, name: str, value: dict[str, Any], given: str | None) -> Signaled:
    if given is not None:
        value["args"] = read_value(given, "--args")
    return at.target.send(name, value)


def _said(name: str, found: Signaled, form: str | None) -> int:
    """What became of a mutation, for people or programs."""
    if form:
        console.answer(found.result, form)
    else:
        console.out(str(found.result))
    return _code(name, found)


def _code(name: str, found: Signaled) -> int:
    """An exit code; what a handler raised is said."""
    if found.why:
        no(f"{name}: {found.why}")
    return FAILED if found.result == CANCELED else DONE


def _mutation(word: str, what: str, how: str) -> None:
    """A command that changes the states of a machine, or asks whether it could."""
    verb = word.replace("-", "_")

    @_NAME
    @_STATES
    @_ARGS
    @answers
    @click.pass_obj
    def change(
        at: Attached, name: str, states: tuple[str, ...], given: str | None, form: str | None
    ) -> int:
        return _said(name, _send(at, name, {verb: [*states]}, given), form or at.form)

    change.__doc__ = f"""{what}

    {how} It is a signal: {{"{verb}": [STATE, ..], "args": ..}}.
    """
    relational.command(word, short_help=what)(change)


_DURABLE = (
    "It is durable when the command ends, which says what became of it: executed, queued, or "
    "canceled; then it exits with 1."
)
_ASKED = "Its handlers are asked as well. Says executed, or canceled; then it exits with 1."
for _word, _what, _how in (
    ("add", "Add states to those of a relational machine.", _DURABLE),
    ("remove", "Take states of a relational machine away.", _DURABLE),
    ("set", "Let these states of a relational machine alone be active.", _DURABLE),
    ("toggle", "Add states of a relational machine, or take them away if all are active.",
     _DURABLE),
    ("can-add", "Ask whether a relational machine would let states be added.", _ASKED),
    ("can-remove", "Ask whether a relational machine would let states be taken away.", _ASKED),
):  # fmt: skip
    _mutation(_word, _what, _how)


@relational.command("add-err", short_help="Tell a relational machine of an error.")
@_NAME
@click.argument("error", metavar="ERROR", type=TEXT)
@click.argument("cause", metavar="[CAUSE]", type=TEXT, required=False)
@click.option("--state", metavar="STATE", type=STATE, help="One that stands for such errors.")
@_ARGS
@answers
@click.pass_obj
def add_err(
    at: Attached,
    name: str,
    error: str,
    cause: str | None,
    state: str | None,
    given: str | None,
    form: str | None,
) -> int:
    """Tell a relational machine of an error: it adds Exception, and STATE. ERROR is how it is
    called, CAUSE says more; without CAUSE, ERROR is that, and it is called Error."""
    value: dict[str, Any] = {"add_err": error if cause is None else [error, cause]}
    if state is not None:
        value["state"] = state
    return _said(name, _send(at, name, value, given), form or at.form)


@relational.command("eval", short_help="Call a function of a relational machine.")
@_NAME
@click.argument("function", metavar="FUNCTION", type=TEXT)
@_ARGS
@answers
@click.pass_obj
def eval_(at: Attached, name: str, function: str, given: str | None, form: str | None) -> int:
    """Call a function of the class of a relational machine, before all that waits in its queue;
    shows what it gives. It gets --args as m.args, and its journal has that it was called. One that
    raises, and one that is not there, is canceled, and adds Exception; then it exits with 1."""
    found = _send(at, name, {"eval": function}, given)
    form = form or at.form
    if form:
        console.answer(found.result, form)
    else:
        console.out(console.json_text(found.result))
    return _code(name, found)


# --- clocks -------------------------------------------------------------------------------------


def _now(at: Attached, name: str) -> Moment:
    """How a machine stands."""
    following = at.target.following(name)
    return following.moments(at.target.describe(name))[-1]


def _known(clock: dict[str, int], states: Sequence[str]) -> None:
    for state in states:
        if state not in clock:
            hint = did_you_mean(state, clock) or f"there are {', '.join(clock)}"
            raise HostError("TSME-H002", f'there is no state "{state}"', hint)


@relational.command("time", short_help="Show the machine time of a relational machine.")
@_NAME
@_SOME
@click.option("--sum", "sums", is_flag=True, help="All ticks together.")
@answers
@click.pass_obj
def time_(at: Attached, name: str, states: tuple[str, ...], sums: bool, form: str | None) -> int:
    """Show the machine time of a relational machine: the tick of each state, in their order, or
    of those that are named."""
    clock = _now(at, name).clock
    _known(clock, states)
    ticks = [clock[state] for state in states or clock]
    form = form or at.form
    if form:
        console.answer(sum(ticks) if sums else ticks, form)
    else:
        console.out(str(sum(ticks)) if sums else " ".join(map(str, ticks)))
    return DONE


# --- waiting ------------------------------------------------------------------------------------


def _await(
    watch: Watch, states: Sequence[str], come: Callable[[Moment], bool], form: str | None
) -> int:
    """Wait until a moment is so, and show the ticks that it has.  Raises HostError TSME-H002 if it
    has no such states."""
    for told, moments in watch.looks(lambda told: watch.following.moments(told, states)):
        for moment in moments:
            _known(moment.clock, states)
            if not come(moment):
                continue
            ticks = {state: moment.clock[state] for state in states}
            if form:
                found: Told = {"now": moment.now, "ticks": ticks}
                if moment.record is not None:
                    found = {"record": moment.record} | found
                console.answer(found, form)
            else:
                console.out(" ".join(map(str, ticks.values())))
            return DONE
        if told["status"] not in OPEN:
            return no(f"{watch.name} is {told['status']}, and it did not come about")
    return no("it did not come about in time")


_CAME = """

    Shows their ticks at that moment, in the order in which they are named. Transitions within a
    step count, too. Exits with 1 if it cannot come any more, or has not come in time.
    """


def _waits(word: str, what: str) -> Callable[[Callable[..., int]], click.Command]:
    """The command of this name, which waits for a moment; its arguments stand below."""

    def made(function: Callable[..., int]) -> click.Command:
        function.__doc__ = what + _CAME
        command = _NAME(TIMEOUT(answers(click.pass_obj(function))))
        return relational.command(word, short_help=what)(command)

    return made


@_waits("when", "Wait until states of a relational machine are active, all at one time.")
@_STATES
def when(
    at: Attached, name: str, states: tuple[str, ...], timeout: float | None, form: str | None
) -> int:
    def come(moment: Moment) -> bool:
        return all(moment.active(state) for state in states)

    return _await(Watch(at.target, name, timeout), states, come, form or at.form)


@_waits("when-not", "Wait until states of a relational machine are inactive, all at one time.")
@_STATES
def when_not(
    at: Attached, name: str, states: tuple[str, ...], timeout: float | None, form: str | None
) -> int:
    def come(moment: Moment) -> bool:
        return not any(moment.active(state) for state in states)

    return _await(Watch(at.target, name, timeout), states, come, form or at.form)


@_waits("when-time", "Wait until states of a relational machine have these ticks, or later ones.")
@click.argument("times", metavar="STATE=TICK...", type=STATE, nargs=-1, required=True)
def when_time(
    at: Attached, name: str, times: tuple[str, ...], timeout: float | None, form: str | None
) -> int:
    wanted = _times(times)

    def come(moment: Moment) -> bool:
        return all(moment.clock[state] >= tick for state, tick in wanted.items())

    return _await(Watch(at.target, name, timeout), [*wanted], come, form or at.form)


def _times(words: Sequence[str]) -> dict[str, int]:
    found = {}
    for word in words:
        state, _, tick = word.rpartition("=")
        if not state or not tick.isdecimal():
            raise HostError("TSME-H002", f'"{word}" names no tick', "write STATE=TICK: Forward=3")
        found[state] = int(tick)
    return found


@_waits("when-ticks", "Wait until a state of a relational machine has ticked, N times or once.")
@click.argument("state", metavar="STATE", type=STATE)
@click.argument("count", metavar="[N]", default=1, type=click.IntRange(1))
def when_ticks(
    at: Attached, name: str, state: str, count: int, timeout: float | None, form: str | None
) -> int:
    since: tuple[int, int] | None = None  # an execution, and the tick to count from

    def come(moment: Moment) -> bool:
        nonlocal since
        tick = moment.clock[state]
        if since is None:
            since = moment.execution, tick
        elif since[0] != moment.execution:  # all of another one has come meanwhile
            since = moment.execution, 0
        return tick >= since[1] + count

    return _await(Watch(at.target, name, timeout), [state], come, form or at.form)
