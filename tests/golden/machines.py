# The state machines of the golden corpus.


class Counter:
    name = "Counter"
    version = 1
    initial = {"count": 0, "seen": []}

    def stf(state, input, actions):
        state["count"] += input.value
        state["seen"].append(input.value)
        if state["count"] < 0:
            raise ValueError("below zero")


class Pump:
    name = "Pump"
    version = 3
    initial = {"runs": 0, "log": {}}
    tasks = ("pump",)

    def start(state, input, actions):
        state["every"] = input.value["every"]
        actions.timer(state["every"])

    def stf(state, input, actions):
        if input.kind == "timer":
            state["runs"] += 1
            actions.task("pump", {"run": state["runs"], "dice": actions.random(6)}, timeout=5000)
        elif input.kind == "succeeded":
            state["log"]["%d" % state["runs"]] = input.value
            actions.publish({"run": state["runs"]})
            if state["runs"] == 3:
                actions.end(state["log"])
            else:
                actions.timer(state["every"])
        elif input.kind == "failed":
            actions.fail(input.error, "it does not turn")


class Gate:
    name = "Gate"
    version = 1
    initial = {"open": False}
    tasks = ("move",)

    def stf(state, input, actions):
        if input.kind == "signal":
            actions.task("move", {"open": input.value})
        elif input.kind == "succeeded":
            state["open"] = input.value


class WiderGate:
    name = "Gate"
    version = 2
    before = Gate
    initial = {"wings": [False, False]}
    tasks = ("move",)

    def migrate(state, version):
        state["wings"] = [state["open"], False]
        del state["open"]

    def stf(state, input, actions):
        if input.kind == "signal":
            actions.task("move", {"wings": input.value})
        elif input.kind == "succeeded":
            state["wings"] = input.value
            actions.end(state["wings"])


class Lock:
    # relational: relations, tasks and timers under a state, subscriptions, an error, a full step
    name = "Lock"
    version = 1
    budget = 3
    states = [
        ("Start", {}),
        ("Ready", {"auto": True, "require": ["Start"]}),
        ("Opening", {"require": ["Ready"], "remove": ["Open", "Shut"]}),
        ("Open", {"require": ["Ready"], "remove": ["Opening", "Shut"], "add": ["Light"]}),
        ("Shut", {"require": ["Ready"], "remove": ["Opening", "Open", "Light"]}),
        ("Light", {"after": ["Open"]}),
        ("Knock", {"multi": True}),
        ("ErrJam", {"require": ["Exception"]}),
    ]
    tasks = ("open",)
    initial = {"opened": 0, "knocks": []}

    def OpeningEnter(m):
        return m.args.get("key") == 7

    def OpeningState(m):
        m.task("open", {"by": m.random(6)}, add=["Open"], failed=["ErrJam"], timeout=3000)

    def OpenState(m):
        m.data["opened"] += 1
        m.timer(9000, add=["Shut"], args={"by": "timer"})
        for n in range(3):
            m.add("Knock", {"n": n})

    def KnockState(m):
        m.data["knocks"].append(m.args["n"])
        if m.args["n"] == 13:
            raise ValueError("unlucky")

    def ErrJamState(m):
        m.when(["Ready"], key="again", add=["Knock"], then={"n": 99})

    def ShutState(m):
        if m.data["opened"] == 2:
            m.end({"knocks": m.data["knocks"], "clock": m.time()})

    def sum(m):
        return m.time_sum() + m.args["more"]

    def noisy(clock, n):
        return clock["Knock"] > n


class WiderLock(Lock):
    version = 2
    before = Lock
    states = [("Alarm", {}), ("MachineRestored", {"multi": True})]
    states += [one for one in Lock.states if one[0] != "Light"]

    def migrate(data, version):
        data["was"] = version
