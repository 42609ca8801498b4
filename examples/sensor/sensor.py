# A sensor on a battery.  It measures, keeps what it has measured, sends some of it at a time, and
# is in deep sleep whenever only time has to pass.
#
# An execution starts with {"every": ms between two measurements, "times": how many}.
# Tasks, both idempotent:
#     measure  -> {"value": 215, "mv": 2950}, mv of the battery
#     send     {"samples": [[number, value], ...]} -> the newest number that the gateway has

BATCH = 4  # samples that are worth to switch on the radio
MOST = 12  # samples that are kept
LOW, FINE = 2600, 2800  # mv: the radio stays off below one, until it is above the other
PATIENCE = 5000  # ms that a task has
REST = 60000  # ms that the radio is off after a failure


class Sensor:
    name = "sensor"
    version = 1
    states = [
        ("Start", {}),
        ("Waiting", {"auto": True, "require": ["Start"], "remove": ["Measuring"]}),
        ("Measuring", {"require": ["Start"], "remove": ["Waiting"]}),
        ("Measured", {"remove": ["Measuring"]}),
        ("Low", {"remove": ["Sending"]}),
        ("Full", {}),
        ("Sending", {"auto": True, "require": ["Full"]}),
        ("Sent", {"remove": ["Sending"]}),
        ("Resting", {"remove": ["Sending"]}),
        ("ErrSensor", {"require": ["Exception"], "remove": ["Measuring"]}),
        ("ErrSend", {"require": ["Exception"]}),
    ]
    tasks = ("measure", "send")
    initial = {"every": 900000, "times": 0, "last": 0, "dropped": 0, "samples": []}

    def StartState(m):
        m.data["every"] = m.args["every"]
        m.data["times"] = m.args["times"]

    def WaitingState(m):
        if m.data["last"] < m.data["times"]:
            m.timer(m.data["every"], add=["Measuring"])
        else:
            m.end({"dropped": m.data["dropped"], "left": len(m.data["samples"])})

    def MeasuringState(m):
        m.task("measure", add=["Measured"], failed=["ErrSensor"], timeout=PATIENCE)

    def MeasuredState(m):
        data = m.data
        found = m.args["value"]
        data["last"] += 1
        data["samples"].append([data["last"], found["value"]])
        if len(data["samples"]) > MOST:
            data["samples"].pop(0)
            data["dropped"] += 1
        if found["mv"] < LOW:
            m.add("Low")
        elif found["mv"] > FINE:
            m.remove("Low")
        if len(data["samples"]) >= BATCH:
            m.add("Full")
        m.remove("Measured")

    def ErrSensorState(m):
        m.remove(["ErrSensor", "Exception"])

    def SendingState(m):
        what = {"samples": m.data["samples"]}
        m.task("send", what, add=["Sent"], failed=["ErrSend"], timeout=PATIENCE)

    def SentState(m):
        samples = m.data["samples"]
        while samples and samples[0][0] <= m.args["value"]:
            samples.pop(0)
        if len(samples) < BATCH:
            m.remove("Full")
        m.remove("Sent")

    def ErrSendState(m):
        m.add("Resting")
        m.remove(["ErrSend", "Exception"])

    def RestingState(m):
        m.timer(REST, remove=["Resting"])
