# Relational machines that tests run on every interpreter.


class Valve:
    # Opens and closes by tasks, waits between, and gives up after the third error.
    name = "Valve"
    version = 1
    states = [
        ("Start", {}),
        ("Ready", {"auto": True, "require": ["Start"]}),
        ("Opening", {"require": ["Ready"], "remove": ["Open", "Closed"]}),
        ("Open", {"require": ["Ready"], "remove": ["Opening", "Closed"]}),
        ("Closed", {"require": ["Ready"], "remove": ["Open", "Opening"]}),
        ("Tick", {"multi": True, "require": ["Start"]}),
        ("ErrStuck", {"require": ["Exception"], "multi": True}),
    ]
    tasks = ("open", "look")
    initial = {"opened": 0, "log": [], "errors": {}}

    def StartState(m):
        m.data["began"] = m.now
        m.timer(60000, add=["Tick"], args={"first": True}, under=False)

    def OpeningEnter(m):
        return m.args.get("ok", True)

    def OpeningState(m):
        m.task("open", {"n": m.data["opened"]}, add=["Open"], failed=["ErrStuck"], timeout=5000)
        m.task("look", m.random(100), add=["Tick"])

    def OpenState(m):
        m.data["opened"] += 1
        m.data["log"].append(m.args.get("value"))
        m.timer(1000, remove=["Open"], add=["Closed"])
        m.publish({"opened": m.data["opened"]})

    def ClosedEnter(m):
        return m.data["opened"] < 3

    def TickState(m):
        m.data["log"].append(m.ticks("Tick"))

    def ExceptionState(m):
        errors = m.data["errors"]
        cause = m.args["cause"]
        errors[cause] = errors.get(cause, 0) + 1
        if errors[cause] == 3:
            m.fail("Worn", cause)

    def ReadyEnd(m):
        m.end(m.data["opened"])

    def ErrStuckState(m):
        if m.args["cause"] == "raise":
            raise ValueError("within")

    def double(m):
        return m.data["opened"] * m.args.get("by", 2)

    def sour(clock, n):
        if clock["Tick"] >= n:
            raise ValueError("sour")
        return False

    def often(clock, n):
        return clock["Open"] >= n


class Lamp:
    # Anybody may switch it.
    name = "lamp"
    states = [("On", {"remove": ["Off"]}), ("Off", {"remove": ["On"]}), ("Blink", {"multi": True})]

    def OnEnter(m):
        return m.args.get("ok", True)

    def BlinkState(m):
        if m.args.get("raise"):
            raise ValueError("as asked")
