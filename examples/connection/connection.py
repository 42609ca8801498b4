# A station that sends readings to a broker, over a network that comes and goes.  None is lost, and
# they arrive in their order.
#
# Signals: {"add": "Wanted"}, {"remove": "Wanted"}: whether to be connected at all;
# {"add": "Lost"}: the network says that the connection is gone;
# {"add": "Reading", "args": {"value": 21}}, canceled if too many wait.
# Tasks, all idempotent:
#     connect
#     disconnect
#     send        {"number", "value"}; the broker takes each number once

MOST = 20  # readings that wait
PATIENCE = 5000  # ms that the broker has
FIRST = 1000  # ms until the first attempt that follows a failure; twice as many each time,
LONGEST = 60000  # and never more


class Connection:
    name = "connection"
    version = 1
    inherit = ["connected"]
    states = [
        ("Start", {}),
        ("Wanted", {"require": ["Start"]}),
        ("Lost", {"remove": ["Connected", "Connecting"]}),
        ("Reading", {"multi": True}),
        ("Waiting", {}),  # readings do
        ("Sending", {"auto": True, "require": ["Connected", "Waiting"]}),
        ("Sent", {"remove": ["Sending"]}),
        ("ErrSend", {"require": ["Exception"]}),
    ]
    tasks = ("connect", "disconnect", "send")
    initial = {"last": 0, "queue": [], "failures": 0}

    # --- the connection ---

    def WantedState(m):
        if m.is_active("Disconnected"):
            m.add("Connecting")

    def WantedEnd(m):
        if not m.is_active("Disconnected"):
            m.add("Disconnecting")

    def DisconnectedState(m):
        if m.is_active("Wanted"):
            m.timer(min(FIRST << min(m.data["failures"], 8), LONGEST), add=["Connecting"])

    def ConnectingEnter(m):
        return m.is_active("Wanted")

    def ConnectingState(m):
        m.remove(["ErrConnecting", "ErrSend", "Exception"])
        m.task("connect", add=["Connected"], failed=["ErrConnecting"], timeout=PATIENCE)

    def ErrConnectingState(m):
        m.data["failures"] += 1
        m.remove("Connecting")

    def ConnectedState(m):
        m.data["failures"] = 0
        m.log("connected")

    def DisconnectingState(m):
        ends = ["Disconnected"]
        m.task("disconnect", add=ends, failed=ends, timeout=PATIENCE)

    def LostState(m):
        m.remove("Lost")

    # --- readings ---

    def ReadingEnter(m):
        return len(m.data["queue"]) < MOST

    def ReadingState(m):
        m.data["last"] += 1
        m.data["queue"].append([m.data["last"], m.args["value"]])
        m.add("Waiting")

    def SendingState(m):
        number, value = m.data["queue"][0]
        what = {"number": number, "value": value}
        m.task("send", what, add=["Sent"], failed=["ErrSend"], timeout=PATIENCE)

    def SentState(m):
        m.data["queue"].pop(0)
        if not m.data["queue"]:
            m.remove("Waiting")
        m.remove("Sent")

    def ErrSendState(m):
        # Perhaps it is there; perhaps the connection is not.
        m.add("Disconnecting")
