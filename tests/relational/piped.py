# Two machines for pipes.


class Pump:
    name = "pump"
    states = [("Start", {}), ("On", {"require": ["Start"]}), ("Beat", {"multi": True})]

    def stop(m):
        m.end()


class Tank:
    name = "tank"
    states = [
        ("Start", {}),
        ("Pumping", {"require": ["Start"]}),
        ("Full", {}),
        ("Count", {"multi": True}),
        ("Asked", {"multi": True}),
        ("ErrPump", {"require": ["Exception"]}),
    ]
    initial = {"args": None}

    def PumpingEnter(m):
        m.add("Asked")
        return not m.is_active("Full")

    def PumpingState(m):
        m.data["args"] = m.args
