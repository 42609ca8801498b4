# A shutter's motor: one relay lets it rise, one lets it fall.  Both at once burn it, and to turn
# it round while it runs breaks the gear.  The relays are latching: they stay as they are when the
# power fails, so that after a reset the motor may be running.
#
# Signals: {"add": "Up"}, {"add": "Down"}, {"remove": ["Up", "Down"]} to stop it, as the switches
# at both ends do too; {"add": "Locked"}, {"remove": "Locked"}.
# Tasks, both idempotent:
#     close  {"relay": "up" or "down"}
#     open   both relays

PAUSE = 500  # ms that the motor runs on without current
RUN = 30000  # ms from one end to the other, and some more
PATIENCE = 2000  # ms that a relay has
AGAIN = 1000  # ms until relays that did not open are told again


class Relay:
    name = "relay"
    version = 1
    states = [
        ("Start", {}),
        ("Ready", {"auto": True, "require": ["Start"]}),
        ("Locked", {"remove": ["Up", "Down"]}),
        # What is wanted,
        ("Up", {"require": ["Ready"], "remove": ["Down"]}),
        ("Down", {"require": ["Ready"], "remove": ["Up"]}),
        # and what is: a relay that may be closed,
        ("Rising", {"auto": True, "require": ["Up"], "remove": ["Resting"]}),
        ("Falling", {"auto": True, "require": ["Down"], "remove": ["Resting"]}),
        # both of which are told to open, and until then nothing else comes,
        ("Opening", {"remove": ["Rising", "Falling", "Resting"]}),
        ("Opened", {"require": ["Opening"]}),
        # and a motor that stands.
        ("Resting", {"remove": ["Opening"]}),
        ("ErrClose", {"require": ["Exception"]}),
        ("ErrOpen", {"require": ["Exception"]}),
    ]
    tasks = ("close", "open")
    initial = {"errors": 0}

    def StartState(m):
        m.add("Opening")  # whatever was before

    def RisingState(m):
        move(m, "up", "Up")

    def RisingEnd(m):
        m.add("Opening")

    def FallingState(m):
        move(m, "down", "Down")

    def FallingEnd(m):
        m.add("Opening")

    def OpeningState(m):
        open_both(m)

    def OpenedState(m):
        m.timer(PAUSE, add=["Resting"])

    def RestingState(m):
        m.log("at rest")
        m.remove(["ErrClose", "ErrOpen", "Exception"])

    def ErrCloseState(m):
        # It may be closed, or not.
        m.data["errors"] += 1
        m.remove(["Up", "Down"])

    def ErrOpenState(m):
        m.data["errors"] += 1
        m.timer(AGAIN, remove=["ErrOpen"])

    def ErrOpenEnd(m):
        if m.is_active("Opening"):
            open_both(m)


def move(m, relay, wish):
    # Both end with the state that began them.
    m.task("close", {"relay": relay}, failed=["ErrClose"], timeout=PATIENCE)
    m.timer(RUN, remove=[wish])


def open_both(m):
    m.task("open", add=["Opened"], failed=["ErrOpen"], timeout=PATIENCE, under="Opening")
