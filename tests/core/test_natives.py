"""Native functions and operators of expressions in C are those of Python, or are left to it."""

from collections import Counter

from tsme.program.expressions.functions import natives as table

from . import natives

CALLS = 20000


def name_of(number: int) -> str:
    return str(number) if number >= natives.OPERATORS else table.known(number)[0]


def test_each_call_gives_what_python_gives():
    source = natives.Source(1)
    made: Counter[str] = Counter()
    left: Counter[str] = Counter()
    raised: Counter[str] = Counter()
    for _ in range(CALLS):
        number, args, context = source.call()
        found = natives.in_c(number, list(args), context)
        name = name_of(number)
        if found[0] == natives.ELSEWHERE:
            left[name] += 1
            continue
        assert found == natives.in_python(number, list(args), context), (name, args, context)
        made[name] += 1
        raised[name] += found[0] == natives.ERROR
    # Most calls are answered in C, and each function has failed and has not.
    assert sum(left.values()) < CALLS * 0.2
    for name in (*natives.MADE, *map(str, range(natives.OPERATORS, natives.MINUS + 1))):
        assert made[name] > 100, name
        assert made[name] - raised[name] > 20, name
    assert sum(raised.values()) > 1000
