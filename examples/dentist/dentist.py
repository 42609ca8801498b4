# A dentist's week.  A patient asks for a slot, or says when it would suit; a hold is put on the
# price, and only then is the time taken: who pays first has it.  Who comes too late, or cancels,
# has the hold released.
#
# Signals; whoever sends them numbers the requests, ascending:
#     {"do": "book", "number": 7, "patient": "ada", "kind": "filling", "slot": ["mon", 540]}
#     {"do": "book", "number": 8, "patient": "bob", "kind": "check-up",
#      "wishes": [["tue", 480, 720], ["fri", 480, 780]]}
#     {"do": "cancel", "number": 7}
# Times are minutes since midnight; a wish is a day, from when, until when.  Days are tried in the
# order of the wishes.
#
# Tasks, both idempotent, since the payment service knows a hold by the request's number:
#     hold     {"number", "patient", "cents"} -> a reference; fails with Declined
#     release  {"number"}: there is no hold, and there will be none
# Published, for whoever tells patients: {"to": patient, "number", "what": text}

from collections import OrderedDict

QUARTER = 15  # minutes
FIRST = 420  # 07:00, the first quarter of an hour of a day, of 63 at most
KINDS = {  # quarters, cents
    "check-up": (1, 3000),
    "cleaning": (2, 8000),
    "filling": (3, 12000),
    "root canal": (4, 40000),
}
HOURS = {
    "mon": ((480, 720), (780, 1020)),
    "tue": ((480, 720), (780, 1020)),
    "wed": ((480, 720),),
    "thu": ((540, 720), (780, 1140)),
    "fri": ((480, 780),),
}
PATIENCE = 20000  # ms that the payment service has
PAUSE = 60000  # ms until a hold is tried to be released again
MOST = 150  # requests at a time


def quarters(begin, end):
    # A bit for each quarter of an hour, from minute to minute: a day is one integer.
    return (1 << (end - FIRST) // QUARTER) - (1 << (begin - FIRST) // QUARTER)


def opened(day):
    bits = 0
    for begin, end in HOURS[day]:
        bits |= quarters(begin, end)
    return bits


OPEN = {day: opened(day) for day in HOURS}


class Refused(ValueError):
    pass


class Dentist:
    tasks = ("hold", "release")
    initial = {
        "mon": 0,  # quarters of an hour that are taken, a bit each
        "tue": 0,
        "wed": 0,
        "thu": 0,
        "fri": 0,
        "last": 0,  # the newest request's number
        # number -> patient, kind, wishes (day -> quarters of an hour), phase; if it is paying, the
        # task; if it is booked, day, at, hold
        "requests": {},
        "later": {},  # id of a timer -> number of a request whose hold could not be released
    }

    def stf(state, input, actions):
        kind = input.kind
        if kind == "signal":
            m = input.value
            do = m["do"]
            if do == "book":
                ask(state, m, actions)
            elif do == "cancel":
                cancel(state, m["number"], actions)
            else:
                raise Refused("nobody can %r here" % do)
        elif kind == "timer":
            release(state["later"].pop(str(input.id)), actions)
        elif input.task == "hold":
            paid(state, input, actions)
        elif input.task == "release":
            number = input.payload["number"]
            if kind == "succeeded":
                del state["requests"][str(number)]
            else:  # the payment service cannot be reached
                state["later"][str(actions.timer(PAUSE))] = number


def ask(state, m, actions):
    number = m["number"]
    if number <= state["last"]:
        raise Refused("request %d was here already; take a new number" % number)
    if m["kind"] not in KINDS:
        raise Refused("there is no %r" % m["kind"])
    if len(state["requests"]) >= MOST:
        raise Refused("too many requests")
    size, cents = KINDS[m["kind"]]
    if "slot" in m:
        day, at = m["slot"]
        wishes = wished([[day, at, at + size * QUARTER]])
    else:
        wishes = wished(m["wishes"])
    if not find(state, wishes, size):
        raise Refused("nothing is free then")
    state["last"] = number
    what = {"number": number, "patient": m["patient"], "cents": cents}
    state["requests"][str(number)] = {
        "patient": m["patient"],
        "kind": m["kind"],
        "wishes": wishes,
        "phase": "paying",
        "task": actions.task("hold", what, timeout=PATIENCE),
    }


def wished(wishes):
    # -> OrderedDict of day -> quarters of an hour
    out = OrderedDict()
    for day, begin, end in wishes:
        if day not in OPEN or begin % QUARTER or not FIRST <= begin < end <= 1365:
            raise Refused("nobody is here %s from %r to %r" % (day, begin, end))
        out[day] = out.get(day, 0) | quarters(begin, end - end % QUARTER)
    return out


def find(state, wishes, size):
    # -> (day, minute) of the first time that can be had, or None
    for day, bits in wishes.items():
        free = OPEN[day] & bits & ~state[day]
        for _ in range(size - 1):
            free &= free >> 1  # the quarters behind which one more is free
        if free:
            return day, FIRST + QUARTER * (len(bin(free & -free)) - 3)
    return None


def paid(state, input, actions):
    number = input.payload["number"]
    r = state["requests"][str(number)]
    if input.kind == "succeeded":
        size = KINDS[r["kind"]][0]
        found = find(state, r["wishes"], size)
        if found:
            day, at = found
            state[day] |= quarters(at, at + size * QUARTER)
            r["phase"] = "booked"
            r["day"] = day
            r["at"] = at
            r["hold"] = input.value
            tell(actions, r, number, "booked %s %d:%02d" % (day, at // 60, at % 60))
            return
        tell(actions, r, number, "somebody was faster")
    elif input.error == "Declined":
        tell(actions, r, number, "the payment was declined")
        del state["requests"][str(number)]
        return
    else:
        tell(actions, r, number, "the payment service does not answer")
    r["phase"] = "releasing"  # also after a timeout: there may be a hold
    release(number, actions)


def cancel(state, number, actions):
    r = state["requests"].get(str(number))
    if r is None or r["phase"] == "releasing":
        raise Refused("there is no request %r" % number)
    if r["phase"] == "paying":
        actions.cancel(r["task"])
    else:
        size = KINDS[r["kind"]][0]
        state[r["day"]] &= ~quarters(r["at"], r["at"] + size * QUARTER)
    r["phase"] = "releasing"
    tell(actions, r, number, "cancelled")
    release(number, actions)


def release(number, actions):
    actions.task("release", {"number": number}, timeout=PATIENCE)


def tell(actions, r, number, what):
    actions.publish({"to": r["patient"], "number": number, "what": what})


def booked(r):
    # the quarters of an hour that a request has
    if r["phase"] != "booked":
        return 0
    return quarters(r["at"], r["at"] + KINDS[r["kind"]][0] * QUARTER)


def check(state, before=Dentist.initial):
    # What must be so after each step.  before: a state that was checked; what it has in common
    # with this one, which is most of it, is not looked at again.  -> numbers of the other requests
    taken = {day: before[day] for day in OPEN}
    now, old = state["requests"], before["requests"]
    those = changed(now, old)
    for number in those:
        if number in old and old[number]["phase"] == "booked":
            taken[old[number]["day"]] &= ~booked(old[number])
    for number in those:
        if number in now:
            assert int(number) <= state["last"]
            if now[number]["phase"] == "booked":
                check_booking(number, now[number], taken)
    for day, bits in taken.items():
        assert bits == state[day], "what is taken %s is not what is booked" % day
    for number in state["later"].values():
        assert now[str(number)]["phase"] == "releasing"
    return those


def changed(now, old):
    # numbers of the requests that are not the very same object in both
    if now is old:
        return []
    out = [number for number, r in now.items() if old.get(number) is not r]
    new = [number for number in out if number not in old]
    if len(now) - len(new) < len(old):
        out += [number for number in old if number not in now]
    return out


def check_booking(number, r, taken):
    day, at, bits = r["day"], r["at"], booked(r)
    assert not bits & taken[day], "two patients %s at %d" % (day, at)
    assert bits & OPEN[day] == bits, "closed %s at %d" % (day, at)
    assert r["hold"], "request %s is booked and not paid" % number
    assert bits & r["wishes"].get(day, 0) == bits, "request %s did not wish for that" % number
    taken[day] |= bits
