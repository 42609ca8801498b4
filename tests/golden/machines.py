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
