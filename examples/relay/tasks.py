# The tasks of the relay machine, and the two latching relays that they drive.
#
# A latching relay has two coils: a pulse on one closes it, on the other opens it, and it stays so.
# With real ones, `pulse` sets a pin for 50 ms (tsme.tasks.gpio).
import tsme


class Relays:
    def __init__(self):
        self.closed = []

    def pulse(self, text):
        print("    [relay] " + text)


relays = Relays()
tasks = tsme.Tasks()


@tasks.task("close")
def close(what):
    if what["relay"] not in relays.closed:
        relays.closed.append(what["relay"])
        relays.pulse(what["relay"] + " closes")


@tasks.task("open")
def open_both(what):
    if relays.closed:
        relays.pulse(relays.closed.pop() + " opens")
