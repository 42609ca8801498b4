# Handlers of the pumps; the same file on CPython and MicroPython.
import tsme

tasks = tsme.Tasks()

LEVEL = {"north": 2400, "south": 60}  # litres in the tank
JAMMED = ("roses",)
FLOW = 6  # litres a minute


# Opening twice would water twice: `once`.  Closing twice does no harm.
@tasks.task("open_pump", effect="once")
def open_pump(payload):
    if payload["bed"] in JAMMED:
        raise tsme.TaskError("Jammed", "the pump of the %s does not move" % payload["bed"])
    print("open", payload["bed"])


@tasks.task("close_pump", effect="idempotent")
async def close_pump(payload):
    print("close", payload["bed"])
    return payload["seconds"] // 60 * FLOW


@tasks.task("tank_level", effect="pure")
def tank_level(payload):
    return {"tank": payload["tank"], "litres": LEVEL[payload["tank"]]}
