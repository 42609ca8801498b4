# A relational machine that has a new version; loaded when its journal is of another one.
from .. import once
from ..draft import drafts


def migrate(new, part_of, d, old):
    # -> what the old one was, by the names of states; `migrate(data, version)` of the class, if
    # there is one, does with its data what it wants.
    was = d.client
    number = new.schema.number
    ticks = [0] * new.schema.count
    at = []  # of an old index the new one, or None
    for i, name in enumerate(old.schema.names):
        j = number(name)
        at.append(j)
        if j is not None:
            ticks[j] = was.ticks[i]
    part = part_of(ticks, new.node(moved(was.node.active, at), None), was.data)
    part.queue_tick = was.queue_tick
    part.machine_tick = was.machine_tick + 1
    part.error = was.error
    for kind, called, args, flags, tick in was.queue:
        called = called if kind == 3 else moved(called, at)
        if called:
            part.queue.append((kind, called, args, flags, tick))
    for sub in was.subs:
        states = moved(sub[2], at)
        effect = sub[5] and [list(moved(sub[5][0], at)), list(moved(sub[5][1], at)), sub[5][2]]
        if len(states) == len(sub[2]):
            part.subs.append(sub[:2] + [list(states)] + sub[3:5] + [effect])
    for i in was.acts:
        add, other, args, under = was.acts[i]
        under = -1 if under < 0 or at[under] is None else at[under]
        part.acts[i] = (moved(add, at), moved(other, at), args, under)
    function = getattr(new.machine, "migrate", None)
    if function:
        data = drafts.ObjectDraft(was.data)
        function(data, old.program.version)  # calls: what the user wrote
        part.data = data.value(0, True)
        data.open = False
    restored = number("MachineRestored")
    if restored is not None:
        part.queue.append((0, (restored,), None, 0, part.queue_tick + 1))
    return once("relational.opening", "whole", new, d, part)


def moved(indexes, at):
    return tuple([at[i] for i in indexes if at[i] is not None])
