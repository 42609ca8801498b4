# The standard schemas, and how a schema takes what it inherits (docs/RELATIONAL.md).  Loaded where
# a class says `inherit` or has groups in its lists: a compiled schema has all of it done.
from collections import OrderedDict

LISTS = ("require", "add", "remove", "after")
_EXCEPTION = (("Exception", {"multi": True}),)
_OF_ERROR = {"multi": True, "require": ("Exception",), "add": ("Exception",)}
_ERRORS = _EXCEPTION + (("ErrNetwork", _OF_ERROR), ("ErrHandlerTimeout", _OF_ERROR))
_LINK = ("Connecting", "Connected", "Disconnecting", "Disconnected")


def _other(me):
    return tuple([name for name in _LINK if name != me])


# A pair of name and states each, so that their order is the same on every interpreter.
STANDARD = (
    ("errors", _ERRORS),
    (
        "basic",
        _ERRORS
        + (
            ("Start", {}),
            ("Ready", {"require": ("Start",)}),
            ("Healthcheck", {"multi": True}),
            ("Heartbeat", {}),
        ),
    ),
    (
        "connected",
        (
            ("ErrConnecting", {"require": ("Exception",)}),
            ("Connecting", {"require": ("Start",), "remove": _other("Connecting")}),
            ("Connected", {"require": ("Start",), "remove": _other("Connected")}),
            ("Disconnecting", {"remove": _other("Disconnecting")}),
            ("Disconnected", {"auto": True, "remove": _other("Disconnected")}),
        ),
    ),
    (
        "disposed",
        (
            ("RegisterDisposal", {"multi": True}),
            ("Disposing", {"remove": ("Start", "Exception")}),
            ("Disposed", {"remove": ("Disposing", "Start", "Exception")}),
        ),
    ),
)


def pairs(states):
    # -> (name, definition) of each; a plain dict has no order on boards, so nowhere
    if not hasattr(states, "items"):
        return [(name, definition) for name, definition in states]
    if type(states) is dict:
        return [(name, states[name]) for name in sorted(states)]
    return list(states.items())


def _states(states):
    try:
        return OrderedDict([(name, dict(definition)) for name, definition in pairs(states)])
    except (TypeError, ValueError, AttributeError):
        raise ValueError('`states` is a list of pairs, ("Start", {}), or a dict of dicts')


def _base(item):
    # -> (name, states, groups) of a member of `inherit`: the name of a standard schema, or this
    if not isinstance(item, str):
        return item
    for name, states in STANDARD:
        if name == item:
            return name, states, {}
    raise ValueError('there is no schema "%s" to inherit' % item)


def flatten(states, order=None, groups=None, inherit=()):
    # -> (states, order, groups) without `inherit`, and without groups in lists of relations.
    # A member of `inherit` that is no name is what this has returned, as (name, states, groups).
    found = _states(states)
    own = list(found)
    named = OrderedDict(pairs(groups or {}))
    for item in inherit:
        title, theirs, more = _base(item)
        theirs = pairs(theirs)
        for name, definition in theirs:
            here = found.setdefault(name, {})
            for key in definition:  # what is said nearer counts
                here.setdefault(key, definition[key])
        for name in more:
            named.setdefault(name, more[name])
        named.setdefault(title, [name for name, _ in theirs])
    if inherit:
        named.setdefault("self", own)
    rows = list(order or ())
    rows += [name for name in found if name not in rows]
    for name in found:
        for key in LISTS:
            if found[name].get(key):
                found[name][key] = _members(found[name][key], named, name)
    for name in named:
        named[name] = _members(named[name], named, None)
    return found, rows, named


def _members(names, groups, me):
    # the names of a list, or of one, with those of a group in the place of `_Group`, but for `me`
    names = [names] if isinstance(names, str) else names
    out = []
    seen = []
    todo = [(name, False) for name in reversed(list(names))]
    while todo:
        name, of_group = todo.pop()
        if name[:1] == "_" and name[1:] in groups:
            if name not in seen:
                seen.append(name)
                todo += [(one, True) for one in reversed(list(groups[name[1:]]))]
        elif name not in out and not (of_group and name == me):
            out.append(name)
    return out
