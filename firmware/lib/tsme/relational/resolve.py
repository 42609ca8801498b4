# Which states a mutation leads to: the relations, as integers.  R1 to R7 are the steps of
# docs/SPEC.md 9.2.  What has no part in it is never looked at one by one.
from .. import const

_ADD = const(0)
_REMOVE = const(1)


def mask(indexes):
    m = 0
    for i in indexes:
        m |= 1 << i
    return m


def members(m):
    # the states of a mask, by index
    out = []
    i = 0
    while m:
        if m & 0xFFFF:
            if m & 1:
                out.append(i)
            m >>= 1
            i += 1
        else:
            m >>= 16
            i += 16
    return out


def some(order, m):
    # the states of a mask, as they stand in `order`
    out = members(m)
    if len(out) > 1:
        out.sort(key=order.index)
    return out


def without(out, m):
    out = list(out)
    for i in members(m):
        out.remove(i)
    return out


def resolve(s, kind, called, active, before):
    # -> the states that are to be active, in their order, and their mask
    # before: the mask of `active`
    asked = mask(called)
    skip = 0
    if kind == _ADD:  # R1
        out = list(called) + without(active, before & asked)
        there = before | asked
    elif kind == _REMOVE:
        out = without(active, before & asked)
        there = before & ~asked
        skip = asked
    else:
        out = list(called)
        there = asked
    once = before & ~s.multi  # whoever is active and not multi implies nothing
    there = imply(s, out, there, once, skip)  # R2
    out, there = require(s, out, there)  # R3
    remove = s.remove
    removing = members(there & s.removing)
    gone = 0  # whom somebody removes
    for k in removing:
        gone |= remove[k]
    if gone & there:  # R4, from the last one on
        whole = there
        for i in reversed(some(out, gone & there)):
            for k in removing:
                if remove[k] >> i & 1 and there >> k & 1:
                    there &= ~(1 << i)
                    break
        out = without(out, whole & ~there)
        gone = 0
        for k in removing:
            if there >> k & 1:
                gone |= remove[k]
    out.reverse()
    there = imply(s, out, there, once, skip | gone)  # R5
    out.reverse()
    out, there = require(s, out, there)
    return ordered(s, out), there  # R6, R7


def imply(s, out, there, once, skip):
    # whom those that are there by now add, at the end
    adding = there & s.adding & ~once
    if adding:
        for i in some(out, adding):
            for j in s.add[i]:
                if not (there | skip) >> j & 1:
                    there |= 1 << j
                    out.append(j)
    return there


def require(s, out, there):
    # without those that lack somebody, until nobody does
    whole = there
    lacking = there & s.requiring
    while lacking:
        lacking = 0
        for i in members(there & s.requiring):
            if s.require[i] & ~there:
                lacking |= 1 << i
        there &= ~lacking
    return without(out, whole & ~there) if there != whole else out, there


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
    after = s.after
    if after:
        for k in range(1, len(out)):
            i = out[k]
            own = after.get(i, 0)
            while k and after.get(out[k - 1], 0) >> i & 1 and not own >> out[k - 1] & 1:
                out[k] = out[k - 1]
                k -= 1
            out[k] = i
    return out


class Node:
    # Some states that are active, in their order, and the plans of what was asked of them so far.
    autos = None

    def __init__(self, active, there):
        self.active = active
        self.mask = there
        self.plans = {}


class Plan:
    # What a mutation does to the states of a node, as far as no handler has a say.
    # accepted: do the relations allow it?  done: is it executed?  exits, enters: states.  twice:
    # those of `enters` that are active already.  changed: the mask of all of these.  again: the
    # mask of whom it calls anew.  node: of the target.  asks, tells: what handlers are called
    # before and after (Relational.listed).
    # narrow: of an automatic one, the plan of those that the relations allow.
    narrow = None
    asks = tells = ()


def plan(c, node, kind, called, auto):
    # `c`: the client, which knows the handlers
    s = c.schema
    before = node.mask
    p = Plan()
    target, there = resolve(s, kind, called, node.active, before)
    asked = mask(called)
    again = 0
    if kind == _REMOVE:
        p.accepted = True
        p.done = not there & asked
        p.again = 0
    else:
        p.accepted = p.done = not asked & ~there
        again = asked & s.multi & before
        p.again = asked & s.multi & there
    p.exits = tuple(ordered(s, some(node.active, before & ~there)))
    p.enters = tuple(some(target, there & ~(before & ~again)))
    p.twice = tuple(members(again & there))
    p.changed = (before ^ there) | again & there
    p.node = c.node(target, there)
    if auto:
        p.done = True
        left = tuple([i for i in called if there >> i & 1])
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
    left = s.auto & ~node.mask
    if left:
        for i in members(node.mask & s.removing):
            left &= ~s.remove[i]
    return tuple(members(left))
