"""`tsme journal query` and `metrics`: when were which states of a relational machine active?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import click

from .. import console
from ..definitions import takes_values
from ..errors import DONE, FAILED, HostError
from ..forms import answers
from ..journal.clocks import Point, points
from ..journal.image import read_log, timestamp
from ..journal.partition import in_region
from ..schemas import known

_Test: TypeAlias = Callable[[Point], bool]
_Command: TypeAlias = Callable[..., Any]
_TESTS: dict[str, Callable[[Point, str], bool]] = {
    "active": lambda point, name: point.ticks.get(name, 0) % 2 == 1,
    "inactive": lambda point, name: point.ticks.get(name, 0) % 2 == 0,
    "activated": lambda point, name: name in point.changed(1),
    "deactivated": lambda point, name: name in point.changed(0),
}
_SAYS = {
    "active": "Records after which STATE is active.",
    "inactive": "Records after which STATE is inactive.",
    "activated": "Records that made STATE active, or a new instance of it.",
    "deactivated": "Records that made STATE inactive.",
}
_RANGE = re.compile(r"(\d*)\.\.(\d*)|(\d+)")


def _tests(command: _Command) -> _Command:
    """The options that ask for a state."""
    for name, text in reversed(_SAYS.items()):
        command = click.option(f"--{name}", metavar="STATE", multiple=True, help=text)(command)
    return command


def _machine(command: _Command) -> _Command:
    """Which journal, in a file or in a database, and what ran."""
    for option in reversed((
        click.argument("log", metavar="[JOURNAL]", required=False),
        click.option("--program", "programs", metavar="FILE.py:CLASS", multiple=True,
                     required=True, help="The relational machine that ran."),
        click.option("--database", "url", metavar="URL", envvar="TSME_DATABASE",
                     help="sqlite:///FILE or postgresql://USER@HOST/NAME, of which --execution "
                     "is; else that of TSME_DATABASE."),
        click.option("--execution", metavar="ARN",
                     help="Of the database: its ARN, its name, or its number."),
    )):  # fmt: skip
        command = option(command)
    return command


def _points(
    log: str | None, programs: Sequence[str], url: str | None, execution: str | None
) -> list[Point]:
    """All moments of the journal that is meant."""
    if execution is None and log is None:
        hint = "write JOURNAL, or --database URL --execution NAME"
        raise HostError("TSME-H001", "Missing argument 'JOURNAL'", hint)
    if execution is None or log is not None:
        if execution is not None:
            hint = "leave out one of the two"
            raise HostError("TSME-H002", f'"{log}" is a file, --execution is of a database', hint)
        return points(read_log(str(log)), programs)
    if url is None:
        raise HostError("TSME-H002", "--execution is of a database", "add --database URL")
    from .store import exported  # noqa: PLC0415

    return points(exported(url, execution), programs)


@click.command(short_help="Find when states of a relational machine were active.")
@_machine
@_tests
@click.option("--from", "since", metavar="TIME", help="From then on, 2026-01-31T12:00:00Z or ms.")
@click.option("--to", "until", metavar="TIME", help="Up to then.")
@click.option("--sum", "total", metavar="A..B", help="With a sum of all ticks in this range.")
@click.option(
    "--ticks", metavar="STATE=A..B", multiple=True, help="With ticks of STATE in this range."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="The newest N of them.")
@answers
@in_region
@takes_values
def query(
    log: str | None,
    programs: tuple[str, ...],
    url: str | None,
    execution: str | None,
    limit: int | None,
    form: str | None,
    **asked: Any,
) -> int:
    """Find when states of a relational machine were active.

    Shows the records of a journal for which all that is asked holds, newest first: the time, the
    sum of all ticks, what became active (+) and inactive (-), and what is active then; a record
    that ended the execution says so, and shows how it stood. So

    \b
      tsme journal query j.bin --program relay.py:Relay --activated Forward

    says when it went forward. Of an execution in a database (--database, --execution) it says the
    same. Exits with 1 if there is no such record.
    """
    found = _points(log, programs, url, execution)
    names = dict.fromkeys(name for point in reversed(found) for name in point.ticks)
    tests = list(_asked([*names], asked))
    rows = [p for p in reversed(found) if all(test(p) for test in tests)][:limit]
    if form:
        console.answer([_plain(p) for p in rows], form)
    else:
        _show(rows)
    return DONE if rows else FAILED


def _asked(names: Sequence[str], asked: Mapping[str, Any]) -> Iterator[_Test]:
    """What the options ask for."""
    for kind in _TESTS:
        for name in asked[kind]:
            yield _about(kind, known(names, name, f"--{kind}"))
    low, high = _time(asked["since"], "--from"), _time(asked["until"], "--to")
    if low is not None:
        yield lambda point: point.now >= low
    if high is not None:
        yield lambda point: point.now <= high
    if asked["total"] is not None:
        yield _within(_range(asked["total"], "--sum"), lambda point: point.sum)
    for given in asked["ticks"]:
        yield _ticks(given, names)


def _about(kind: str, name: str) -> _Test:
    return lambda point: _TESTS[kind](point, name)


def _within(limits: tuple[int, int | None], of: Callable[[Point], int]) -> _Test:
    low, high = limits
    return lambda point: low <= of(point) and (high is None or of(point) <= high)


def _ticks(given: str, names: Sequence[str]) -> _Test:
    name, equals, text = given.partition("=")
    if not equals:
        raise HostError("TSME-H002", f'--ticks "{given}" has no range', "write --ticks STATE=A..B")
    state = known(names, name.strip(), "--ticks")
    return _within(_range(text, "--ticks"), lambda point: point.ticks.get(state, 0))


def _range(text: str, option: str) -> tuple[int, int | None]:
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        hint = "write 3..9, 3.., ..9 or 3"
        raise HostError("TSME-H002", f'{option} "{text}" is no range', hint)
    if match[3]:
        return int(match[3]), int(match[3])
    return int(match[1] or 0), int(match[2]) if match[2] else None


def _time(text: str | None, option: str) -> int | None:
    """Milliseconds since 1970."""
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        hint = "write 2026-01-31T12:00:00Z, or milliseconds since 1970"
        raise HostError("TSME-H002", f'{option} "{text}" is no time', hint) from None
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


def _plain(point: Point) -> dict[str, Any]:
    return {
        "record": point.record,
        "now": point.now,
        "input": point.input,
        "sum": point.sum,
        "activated": point.changed(1),
        "deactivated": point.changed(0),
        "active": point.active,
        "clock": {name: tick for name, tick in point.ticks.items() if tick},
        "queue": point.queue,
        "queue_tick": point.queue_tick,
        "machine_tick": point.machine_tick,
        "error": list(point.error) if point.error else None,
        "ended": point.ended or None,
    }


def _show(rows: list[Point]) -> None:
    if not rows:
        console.note("tsme: there is no such record")
        return
    shown = []
    for point in rows:
        did = [console.good(f"+{name}") for name in point.changed(1)]
        did += [console.bad(f"-{name}") for name in point.changed(0)]
        did += [point.ended] if point.ended else []
        clock = " ".join(f"{name}:{point.ticks[name]}" for name in point.active)
        numbers = [str(point.record), str(point.sum)]
        shown.append([*numbers, timestamp(point.now), point.input, " ".join(did), f"({clock})"])
    console.table(shown, ("record", "sum", "time", "input", "changed", "active"), right=2)


@click.command(short_help="Tell Prometheus how a relational machine stands.")
@_machine
@in_region
@takes_values
def metrics(
    log: str | None, programs: tuple[str, ...], url: str | None, execution: str | None
) -> int:
    """Tell Prometheus how a relational machine stands.

    Prints the newest moment of a journal in Prometheus's text format, say for the textfile
    collector of its node exporter. `tsme gen` makes a dashboard of Grafana that shows it.
    """
    from ...relational.compiled import load  # noqa: PLC0415
    from ...relational.metrics import exposition  # noqa: PLC0415

    last = _points(log, programs, url, execution)[-1]
    ended = bool(last.ended)
    text = exposition(load(last.schema), last.ticks, last.queue, last.queue_tick, ended)
    click.echo(text, nl=False)
    return DONE
