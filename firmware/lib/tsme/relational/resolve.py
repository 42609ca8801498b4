# Which states a mutation leads to: the relations, as integers.  docs/RELATIONAL.md says what they
# are; R1 to R7 are the steps there.
from .. import const

ADD = const(0)
REMOVE = const(1)
SET = const(2)


def mask(bits, indexes):
    m = 0
    for i in indexes:
        m |= bits[i]
    return m


def resolve(s, kind, called, active, before):
    # -> the states that are to be active, in their order.  before: the mask of `active`
    bits = s.bits
    asked = mask(bits, called)
    skip = 0
    if kind == ADD:  # R1
        out = list(called)
        for i in active:
            if not asked & bits[i]:
                out.append(i)
        there = before | asked
    elif kind == REMOVE:
        out = [i for i in active if not asked & bits[i]]
        there = before & ~asked
        skip = asked
    else:
        out = list(called)
        there = asked
    once = before & ~s.multi  # whoever is active and not multi implies nothing
    there = imply(s, out, there, once, skip)  # R2
    out = require(s, out, there)  # R3
    there = mask(bits, out)
    blockers = s.blockers  # R4
    remove = s.remove
    kept = []
    gone = 0  # R5: whom somebody removes
    i = len(out)
    while i:
        i -= 1
        one = out[i]
        if blockers[one] & there:
            there &= ~bits[one]
        else:
            kept.append(one)
            gone |= remove[one]
    there = imply(s, kept, there, once, skip | gone)
    kept.reverse()
    return ordered(s, require(s, kept, there))  # R6, R7


def imply(s, out, there, once, skip):
    # whom those that are there by now add, at the end
    bits = s.bits
    add = s.add
    for k in range(len(out)):
        i = out[k]
        if add[i] and not once & bits[i]:
            for j in add[i]:
                if not (there | skip) & bits[j]:
                    there |= bits[j]
                    out.append(j)
    return there


def require(s, out, there):
    # without those that lack somebody, until nobody does
    needs = s.require
    while there & s.relations:
        kept = [i for i in out if not needs[i] & ~there]
        if len(kept) == len(out):
            break
        out = kept
        there = mask(s.bits, out)
    return out


def ordered(s, out):
    # by rank, then by After: neighbours change places as long as one is to come before the other
    ranks = s.ranks
    if ranks:
        for k in range(1, len(out)):
            i = out[k]
            while k and ranks[out[k - 1]] > ranks[i]:
                out[k] = out[k - 1]
                k -= 1
            out[k] = i
    if s.sorted:
        after = s.after
        bits = s.bits
        for k in range(1, len(out)):
            i = out[k]
            while k and after[out[k - 1]] & bits[i] and not after[i] & bits[out[k - 1]]:
                out[k] = out[k - 1]
                k -= 1
            out[k] = i
    return out


class Node:
    # Some states that are active, in their order, and the plans of what was asked of them so far.
    autos = None

    def __init__(self, s, active):
        self.active = active
        self.mask = mask(s.bits, active)
        self.plans = {}


class Plan:
    # What a mutation does to the states of a node, as far as no handler has a say.
    # accepted: do the relations allow it?  target, exits, enters: states.  node: of the target.
    # ticks: (state, how many).  changed: their mask.  done: is it executed?  asks, tells: what
    # handlers are called before and after (Client.listed).
    # narrow: of an automatic one, the plan of those that the relations allow.
    node = narrow = None
    asks = tells = ()


def plan(c, node, kind, called, auto):
    # `c`: the client, which knows the handlers
    s = c.schema
    bits = s.bits
    before = node.mask
    p = Plan()
    target = p.target = resolve(s, kind, called, node.active, before)
    there = mask(bits, target)
    asked = mask(bits, called)
    if kind == REMOVE:
        p.accepted = True
        p.done = not there & asked
    else:
        p.accepted = p.done = not asked & ~there
    again = asked & s.multi & before if kind != REMOVE else 0
    p.exits = ordered(s, [i for i in node.active if not there & bits[i]])
    p.enters = [i for i in target if not before & ~again & bits[i]]
    p.ticks = [(i, 1) for i in p.exits]
    for i in p.enters:
        p.ticks.append((i, 2 if before & bits[i] else 1))
    p.changed = (before ^ there) | again & there
    p.again = asked & s.multi & there if kind != REMOVE else 0
    p.node = c.node(target)
    if auto:
        p.done = True
        left = tuple([i for i in called if there & bits[i]])
        p.accepted = bool(left)
        if left and len(left) < len(called):
            p.narrow = plan_of(c, node, kind, left, False)
    c.listed(p, node, kind)
    return p


def plan_of(c, node, kind, called, auto):
    # recursion: at most 2, what is left of an automatic one is asked for once
    plans = node.plans
    key = (kind + 4 if auto else kind, called)
    p = plans.get(key)
    if p is None:
        p = plan(c, node, kind, called, auto)
        c.made += 1
        plans[key] = p
    return p


def candidates(s, node):
    # who is to be active without being asked for
    removed = 0
    for i in node.active:
        removed |= s.remove[i]
    left = s.auto & ~node.mask & ~removed
    return tuple([i for i in range(len(s.bits)) if left & s.bits[i]])
