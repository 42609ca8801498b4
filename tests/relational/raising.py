# Machines whose handlers raise what Python itself raises, by number, on any interpreter.
import tsme


class Empty(Exception):
    pass


def deeper():
    # recursion: until the interpreter ends it
    return deeper()


def raised(error):
    raise error


def false(text=None):
    assert text, text
    assert not text, text


RAISES = (
    "1 // 0",
    '{}["x"]',
    "[][3]",
    "None.foo",
    "nobody",
    "late()",
    'int("x")',
    'float("x")',
    '"a" + 1',
    "{}[[]]",
    'sorted([1, "a"])',
    "deeper(1)",
    "[].remove(1)",
    "max([])",
    "bytes([300])",
    'b"\\xff".decode()',
    '__import__("nosuch")',
    'open("/nosuch/file")',
    "raised(OSError(5))",
    'raised(KeyError("x"))',
    "raised(StopIteration(3))",
    "raised(NotImplementedError)",
    'raised(RuntimeError("stuck"))',
    'raised(ValueError("tank is empty"))',
    'raised(ValueError("tank", 2))',
    'raised(OSError("sensor is dead"))',
    'raised(Empty("mine"))',
    'raised(tsme.TaskError("Busy", "the sensor is busy"))',
    "false()",
    'false("why")',
    "deeper()",
    'raised(ValueError("x" * 300))',
    "raised(ValueError(chr(0xD800)))",
)
SCOPE = {"tsme": tsme, "Empty": Empty, "deeper": deeper, "raised": raised, "false": false}
exec("def late():\n    print(value)\n    value = 1", SCOPE)


def fail(n):
    eval(RAISES[n], SCOPE)


# Those whose name and text are of who raised them alone.
OWN = tuple(RAISES[22:24] + RAISES[25:27])
NOW = 1767225600000
FLOATS = (0.5, 2.0**70, 2.0**-20, 123456.125, -0.0)  # that have 32 bits


class Tank:
    # Which raises what, and where, is in the args.
    name = "Tank"
    states = [("A", {"multi": True}), ("B", {"require": ["A"]}), ("C", {}), ("ErrTank", {})]
    initial: object = {"seen": []}

    def AEnter(m):
        raises(m, "AEnter")

    def AState(m):
        raises(m, "AState")

    def AnyState(m):
        raises(m, "AnyState")

    def BEnd(m):
        raises(m, "BEnd")

    def CState(m):
        try:
            raises(m, "CState")
        except Exception as e:
            m.add_err(e, "ErrTank")

    def called(m):
        raises(m, "called")

    def storm(m):
        # more in one step than there is room for words
        for i in range(90):
            m.add("A", {"in": "AState" if i % 3 else "Numbers", "n": m.args["n"], "i": i})

    def AnyEnter(m):
        if m.args.get("in") == "Numbers":
            raise ValueError("number " + str(m.args["i"]))

    def often(clock, n):
        return clock["A"] > 8 and fail(n)

    def ExceptionState(m):
        # what handlers do with a text is part of what a replay comes to
        a = m.args
        m.data["seen"].append([a["error"], a["cause"], a.get("handler")])
        m.data["seen"] = m.data["seen"][-4:]
        m.timer(1000 + len(a["cause"]), add=["A"])


def raises(m, where):
    if m.args.get("in") == where:
        fail(m.args["n"])


class Odd:
    # What has another order, another text or another width somewhere.
    name = "Odd"
    states = [("A", {"multi": True}), ("B", {})]

    def AState(m):
        m.when_args("B", args={"zeta": 1, "alpha": [0.5], "n": {"y": 1, "x": 2}, "kilo": (4,)})
        m.when_query(query="spoils", values=[[1], {"b": 1, "a": 2}])
        m.add("B", {"zeta": 1, "alpha": {"x": 1, "y": (2,)}})
        found = [
            m.is_queued("add", "B", {"alpha": {"y": [2], "x": 1.0}, "zeta": n}) for n in (1, 2)
        ]
        m.data["found"] = found
        m.add_err(("Hot", m.args["n"]))
        m.add_err((m.args["n"], {"b": 0.25, "a": [m.args["n"], None, True, -0.0, 1 << 61]}))
        m.timer((1 << 42) - 1, args={"at": m.now + (1 << 62), "of": {"d": 1, "c": -(1 << 63)}})

    def spoils(clock, one, two):
        one.append(clock["A"])
        two["c"] = one
        return False

    def over(m):
        m.fail(m.args["n"], {"b": m.args["n"], "a": (1,)})


class Till:
    # The same for a machine with stf.
    name = "Till"
    tasks = ("read",)
    initial: object = {"seen": []}

    def stf(state, input, actions):
        if input.kind == "signal":
            state["n"] = input.value["n"]
            if input.value["now"]:
                fail(state["n"])
            actions.task("read")
        elif input.kind == "succeeded":
            fail(state["n"])
        else:
            state["seen"].append([input.error, input.cause])
            state["seen"] = state["seen"][-4:]


class Reader:
    # What handlers of tasks raise, one after another.
    name = "Reader"
    tasks = ("raise", "await")
    initial = {"seen": [], "n": 0}

    def start(state, input, actions):
        actions.task("raise", 0)

    def stf(state, input, actions):
        state["seen"].append([input.error, input.cause])
        state["n"] += 1
        n = state["n"] // 2
        if n == len(RAISES):
            actions.end(state["seen"])
        else:
            actions.task("await" if state["n"] % 2 else "raise", n)


def tasks():
    t = tsme.Tasks()

    @t.task("raise")
    def at_once(payload):
        fail(payload)

    @t.task("await")
    async def awaited(payload):
        fail(payload)

    return t
