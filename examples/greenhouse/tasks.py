# What the greenhouse's tasks do: the same file on CPython and MicroPython.
#
# Numbers are whole: tenths of a degree, tenths of a millimetre.  The bed has 10 square metres, so
# a tenth of a millimetre of water on it is one litre.

import sys

from tsme import TaskError, Tasks

HERE = __file__.replace("\\", "/").rpartition("/")[0] or "."
WEATHER = HERE + "/seattle-weather.csv"
ROW = 26  # bytes

# What the sun would evaporate, in tenths of mm a day, at 47.45 degrees north, by month
# (extraterrestrial radiation, FAO-56 equation 21).
SUN = (43, 65, 96, 132, 159, 171, 165, 143, 109, 75, 48, 37)

tasks = Tasks()


class Outside:
    # What no power cut resets: the valve with its water meter, and whoever gets the reports.
    # In `folder` they are two files; without one they are kept in memory.
    def __init__(self):
        self.folder = None
        self.kept = {}

    def lines(self, name):
        # One after the other: after some years all of them would fill a board's memory.
        if self.folder is None:
            yield from self.kept.get(name, ())
            return
        try:
            with open(self.folder + "/" + name) as f:
                for line in f:
                    yield line.rstrip()
        except OSError:
            pass  # nothing has been written yet

    def add(self, name, line):
        if self.folder is None:
            self.kept.setdefault(name, []).append(line)
            return
        with open(self.folder + "/" + name, "a") as f:
            f.write(line + "\n")


outside = Outside()


def say(*words):
    # what a board writes on its serial line
    print(*words, file=sys.stderr)


@tasks.task("read_sensors", effect="pure")
def read_sensors(payload):
    # The day's rain and temperatures, from a real record.
    date, rain, high, low, following = look_up(payload["start"], payload["day"])
    return {
        "date": date,
        "rain": rain,
        "high": high,
        "low": low,
        "change": rain - evaporation(int(date[5:7]), high, low),
        "next_evening": following + "T20:00:00Z",
    }


@tasks.task("open_valve", effect="once", context=True)
def open_valve(payload, context):
    # A dosing valve: it opens, lets so many litres through, and closes.  Now and then it jams.
    if context.attempt <= jams(payload["date"]):
        raise TaskError("ValveJammed", "the valve did not move")
    litres = payload["litres"]
    outside.add("valve.txt", "%s %d litres, action %d" % (payload["date"], litres, context.action))
    return {"litres": litres}


@tasks.task("read_meter", effect="idempotent")
def read_meter(payload):
    total = 0
    for line in outside.lines("valve.txt"):
        total += int(line.split()[1])
    return {"total": total}


@tasks.task("report", effect="idempotent")
def report(payload):
    # Two reports of a day are one, so it does no harm to send it again after a power cut.
    soil = payload["soil"]
    line = "%s %s  %4.1f C  rain %4.1f  soil %4.1f mm [%-16s] %s" % (
        payload["date"],
        payload["at"][11:16],
        payload["high"] / 10,
        payload["rain"] / 10,
        soil / 10,
        "#" * max(0, min(16, soil // 25)),
        payload["note"],
    )
    if line not in outside.lines("report.txt"):
        outside.add("report.txt", line)
    say("day", line)


@tasks.on("publish")
def publish(payload):
    say("alarm", payload["text"])


def look_up(start, day):
    # -> date, rain, high, low of the day, and the date of the day after it.  All rows of the
    # record are equally long and in order, so that a small board finds one without reading all.
    with open(WEATHER) as f:
        first, last = 1, f.seek(0, 2) // ROW - 1
        while first < last:
            middle = (first + last) // 2
            f.seek(middle * ROW)
            if f.read(10) < start:
                first = middle + 1
            else:
                last = middle
        f.seek((first + day) * ROW)
        row = f.read(ROW).split(",")
        following = f.read(10)
    if len(following) < 10:
        raise TaskError("NoRecord", "the weather record has no day %d after %s" % (day, start))
    return [row[0]] + [int(x.replace(".", "")) for x in row[1:]] + [following]


def evaporation(month, high, low):
    # Hargreaves: 0.0023 * sun * (mean + 17.8) * sqrt(high - low), without a float
    return 23 * SUN[month - 1] * (high + low + 356) * root(1000 * (high - low)) // 20000000


def root(n):
    # the whole part of the square root
    r = n
    while r * r > n:
        r = (r + n // r) // 2
    return r


def jams(date):
    # how many attempts fail on this day
    n = (6 * int(date[8:]) + 5 * int(date[5:7])) % 11
    return 3 if n == 10 else 1 if n > 7 else 0
