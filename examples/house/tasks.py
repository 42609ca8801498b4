# The house's handlers, for both workflows: a board has its sensors and pins here.
import tsme

tasks = tsme.Tasks()
soil = [180]
water_level = [60]


@tasks.task("moisture", effect="pure")
def moisture(payload):
    return soil[0]


@tasks.task("water", effect="once")  # never silently run again
def water(payload):
    soil[0] += 70
    water_level[0] -= 5
    print("garden: watered")


@tasks.task("level", effect="pure")
def level(payload):
    return water_level[0]


@tasks.task("pump")  # on is on: it may be said twice
def pump(payload):
    if not payload["on"]:
        water_level[0] += 15
    print("tank: pump", "on" if payload["on"] else "off")
