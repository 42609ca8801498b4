"""The state machine of the journals that are kept."""


class Meter:
    name = "Meter"
    version = 1
    initial = {"seen": [], "sum": 0}
    tasks = ("read",)

    def start(state, input, actions):
        state["every"] = input.value["every"]
        actions.timer(input.value["every"])

    def stf(state, input, actions):
        if input.kind == "timer":
            actions.task("read", {"n": len(state["seen"])}, timeout=5000)
        elif input.kind == "succeeded":
            state["seen"].append(input.value)
            state["sum"] += input.value + actions.random(10)
            actions.timer(state["every"])
        elif input.kind == "failed":
            state["error"] = input.error
            actions.timer(state["every"])
