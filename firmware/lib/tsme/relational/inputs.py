# What comes to a relational machine from outside, as mutations.
from .. import const, once
from ..draft import drafts
from ..errors import fault

# As resolve.py, kernel/protocol.py have them.
_ADD = const(0)
_REMOVE = const(1)
_SUCCEEDED = const(2)
_FAILED = const(3)
_TASK = const(0)
_VERBS = ("add", "remove", "set", "toggle", "can_add", "can_remove")


def signal(m, value):
    # {verb: states, "args": {..}}
    if isinstance(value, dict):
        for verb in _VERBS:
            if verb in value:
                mutate = getattr(m, verb)
                what = mutate(value[verb], value.get("args"))  # calls: Moment
                if m.first is None:
                    m.result = what  # nothing was queued
                return
        if once("relational.seldom", "signal", m, value):
            return
    what = ", ".join(sorted(value)) if isinstance(value, dict) else type(value).__name__
    raise fault("TSME-M019", m._c.name, what)


def ended(m, kind, action, a, b):
    what = m.acts.get(action.id)
    if what is None:
        return
    m.drop(action.id)
    add, other, args, _ = what
    if action.kind != _TASK:
        if add:
            m.later(_ADD, add, args)
        if other:
            m.later(_REMOVE, other, args)
        return
    args = drafts.Obj()
    if kind == _SUCCEEDED:
        if not add:
            return
        args["value"] = a
    else:
        if kind != _FAILED:  # its time is up
            a = "States.Timeout"
        m.error = [a or "", b or ""]
        args["error"], args["cause"] = m.error
        e = m._c.schema.exception
        add = other if e in other else other + (e,)
    args["task"] = action.resource
    args["id"] = action.id
    m.later(_ADD, add, args)
