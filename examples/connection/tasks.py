# The tasks of the connection machine, and a broker that they talk to.
#
# A real one is a client of MQTT or HTTP; a broker that knows a reading by its number takes it
# once.
import tsme


class Broker:
    def __init__(self):
        self.connected = False
        self.readings = {}  # number -> value


broker = Broker()
tasks = tsme.Tasks()


@tasks.task("connect")
def connect(_):
    broker.connected = True


@tasks.task("disconnect")
def disconnect(_):
    broker.connected = False
    print("    [broker] bye")


@tasks.task("send")
def send(what):
    if not broker.connected:
        raise tsme.TaskError("Offline")
    if what["number"] not in broker.readings:
        broker.readings[what["number"]] = what["value"]
        print("    [broker] reading %d: %s" % (what["number"], what["value"]))
