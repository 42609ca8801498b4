# The schema of a class that nobody has compiled; loaded for that alone.
from ..errors import fault
from .build import build
from .standard import flatten

_DEEPEST = 8  # classes that inherit from one another


def compiled(machine):
    name = title(machine) or "?"
    return build(name, getattr(machine, "version", 1), *flat(machine))


def title(machine):
    return getattr(machine, "name", None) or getattr(machine, "__name__", None)


def flat(machine, deep=0):
    # recursion: at most 9, which it counts
    # -> its states, order and groups, with those that it inherits
    if deep > _DEEPEST:
        raise fault("TSME-M022", title(machine), _DEEPEST)
    bases = []
    for item in getattr(machine, "inherit", ()):
        if not isinstance(item, str):
            states, rows, groups = flat(item, deep + 1)
            groups.pop("self", None)
            item = (title(item), [(n, states[n]) for n in rows if n in states], groups)
        bases.append(item)
    order = getattr(machine, "order", None)
    try:
        return flatten(
            getattr(machine, "states", ()), order, getattr(machine, "groups", None), bases
        )
    except ValueError as e:
        raise fault("TSME-M023", title(machine), e)
