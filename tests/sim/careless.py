# ruff: noqa: A002, C416, PLW0603, PTH110, PTH123, PTH208, UP031
"""Machines that depend on more than their state and input, each in a way of its own.

CASES: (class, what the message says), and the line that it names ends with the comment `here`.
"""

import asyncio
import builtins
import collections
import datetime
import itertools
import json
import os
import pathlib
import random
import secrets
import socket
import subprocess
import sys
import threading
import time
import uuid
from datetime import datetime as moment
from random import randint
from time import time as clock

import tsme
import tsme.sim
from tsme.tasks import gpio

tsme.sim.install()
from machine import ADC  # noqa: E402

SENSOR = ADC(26)
LIBRARY = tsme.Tasks()
gpio.register(LIBRARY)
TABLE = {"one": 1, "two": 2, "three": 3}
SET = {"a", "b"}
seen: list[int] = []
total = 0
numbers = itertools.count()
dice = random.Random(7)


class Thing:
    pass


CASES: list[tuple[type, str]] = []


def case(text):
    def add(function):
        name = function.__name__
        CASES.append(
            (type(name, (), {"initial": {"v": None, "items": []}, "stf": function}), text)
        )
        return function

    return add


@case("calls machine.Pin.__init__(), which reaches outside|calls machine.Pin()")
def reads_a_pin(state, input, actions):
    from machine import Pin

    state["v"] = Pin(7).value()  # here


@case("calls machine.ADC.read_u16()")
def reads_a_sensor(state, input, actions):
    state["v"] = SENSOR.read_u16()  # here


@case("calls tsme.tasks.")
def calls_a_task_of_the_library(state, input, actions):
    state["v"] = LIBRARY.find("gpio:read").function({"pin": 7})  # here


@case("calls time.time() (careless.py:%d), which is another time")
def reads_the_clock(state, input, actions):
    state["v"] = int(time.time())  # here


@case("calls time.time()")
def reads_it_by_another_name(state, input, actions):
    state["v"] = int(clock())  # here


@case("calls time.monotonic_ns()")
def reads_another_clock(state, input, actions):
    state["v"] = time.monotonic_ns()  # here


@case("calls time.localtime()")
def asks_for_the_time_zone(state, input, actions):
    state["v"] = time.localtime(input.now // 1000).tm_hour  # here


@case("calls time.gmtime()")
def splits_no_time_in_particular(state, input, actions):
    state["v"] = time.gmtime().tm_year  # here


@case("looks at time.timezone")
def looks_at_the_time_zone(state, input, actions):
    state["v"] = time.timezone  # here


@case("calls time.sleep() (careless.py:%d), which stops the device; start a timer")
def sleeps(state, input, actions):
    time.sleep(0)  # here


@case("calls datetime.datetime.now()")
def asks_for_the_moment(state, input, actions):
    state["v"] = str(moment.now())  # here


@case("calls datetime.datetime.utcnow()")
def asks_for_another(state, input, actions):
    state["v"] = str(datetime.datetime.utcnow())  # here


@case("calls datetime.date.today()")
def asks_for_the_day(state, input, actions):
    state["v"] = str(datetime.date.today())  # here


@case("calls datetime.datetime.fromtimestamp()")
def asks_what_is_local(state, input, actions):
    state["v"] = moment.fromtimestamp(input.now / 1000).hour  # here


@case("calls random.random()")
def tosses(state, input, actions):
    state["v"] = int(random.random() * 6)  # here


@case("calls random.randint() (careless.py:%d), which is something else at every replay; take")
def throws(state, input, actions):
    state["v"] = randint(1, 6)  # here


@case("calls random.getrandbits()")
def has_dice_of_its_own(state, input, actions):
    state["v"] = dice.getrandbits(3)  # here


@case("calls random.shuffle()")
def shuffles(state, input, actions):
    random.shuffle([1, 2, 3])  # here


@case("calls secrets.token_hex()")
def keeps_a_secret(state, input, actions):
    state["v"] = secrets.token_hex(4)  # here


@case("calls uuid.uuid4()")
def names_it(state, input, actions):
    state["v"] = str(uuid.uuid4())  # here


@case("calls os.urandom()")
def asks_the_system(state, input, actions):
    state["v"] = os.urandom(1)[0]  # here


@case("calls open() (careless.py:%d), which reaches outside")
def opens(state, input, actions):
    with open("/dev/null") as f:  # here
        f.read()


@case("calls print() (careless.py:%d), which a replay does again; use actions.log()")
def prints(state, input, actions):
    print("hello")  # here


@case("calls print()")
def prints_by_another_name(state, input, actions):
    getattr(builtins, "pr" + "int")("hello")  # here


@case("calls input()")
def asks_people(state, input, actions):
    builtins.input()  # here


@case("calls socket.socket()")
def connects(state, input, actions):
    socket.socket()  # here


@case("calls subprocess.run()")
def runs(state, input, actions):
    subprocess.run(["true"], check=True)  # here


@case("calls os.listdir()")
def lists(state, input, actions):
    state["v"] = len(os.listdir("."))  # here


@case("calls os.path.exists()|calls posixpath.exists()|calls genericpath.exists()|calls os.stat()")
def looks_for_a_file(state, input, actions):
    state["v"] = os.path.exists("/")  # here


@case("calls pathlib.Path.read_text()")
def reads(state, input, actions):
    state["v"] = pathlib.Path("/dev/null").read_text()  # here


@case("calls os.getpid()")
def asks_who_it_is(state, input, actions):
    state["v"] = os.getpid()  # here


@case("calls os.getenv()|looks at os.environ")
def asks_where_it_is(state, input, actions):
    state["v"] = os.getenv("HOME")  # here


@case("looks at os.environ (careless.py:%d), which is not the same on every device")
def looks_where_it_is(state, input, actions):
    state["v"] = os.environ["PATH"]  # here


@case("looks at sys.platform")
def looks_at_the_platform(state, input, actions):
    state["v"] = sys.platform  # here


@case("calls id() (careless.py:%d), which is another number in every process")
def asks_for_an_address(state, input, actions):
    state["v"] = id(state) % 2  # here


@case("calls hash()")
def hashes(state, input, actions):
    state["v"] = hash("text") % 2  # here


@case("calls hash()")
def hashes_unseen(state, input, actions):
    state["v"] = sorted(map(hash, ["text"]))[0] % 2  # here


@case("uses the text of an object, which has an address in memory in it; give the class")
def shows_an_object(state, input, actions):  # here
    state["v"] = repr(Thing())


@case("calls threading.Thread()|calls threading.Thread.__init__()")
def starts_a_thread(state, input, actions):
    threading.Thread(target=list).start()  # here


@case("calls asyncio.runners.run()|calls asyncio.run()")
def starts_a_loop(state, input, actions):
    asyncio.run(None)  # here


@case("iterates over a dict")
def formats_a_dict_by_percent(state, input, actions):
    state["v"] = "%s" % TABLE  # here


@case("iterates over a set")
def formats_a_set_among_others(state, input, actions):
    state["v"] = "%d: %r" % (7, SET)  # here


@case("iterates over a dict (careless.py:%d), whose order differs between interpreters; iterate")
def goes_through_a_dict(state, input, actions):
    for name in TABLE:  # here
        state[name] = 1


@case("iterates over a dict")
def goes_through_items(state, input, actions):
    for name, n in TABLE.items():  # here
        state[name] = n


@case("iterates over a set")
def goes_through_a_set(state, input, actions):
    for name in SET:  # here
        state[name] = 1


@case("iterates over a dict")
def lists_a_dict(state, input, actions):
    state["v"] = [n for n in TABLE.values()]  # here


@case("calls list() with a dict or set")
def makes_a_list(state, input, actions):
    state["v"] = list(TABLE)  # here


@case("calls str.join() with a dict or set")
def joins(state, input, actions):
    state["v"] = " ".join(SET)  # here


@case("calls enumerate() with a dict or set")
def counts(state, input, actions):
    for i, name in enumerate(SET):  # here
        state[name] = i


@case("calls iter() with a dict or set")
def takes_the_first(state, input, actions):
    state["v"] = next(iter(TABLE))  # here


@case("iterates over a set")
def unpacks(state, input, actions):
    state["v"], _ = SET  # here


@case("iterates over a set")
def spreads(state, input, actions):
    state["v"] = max(*SET)  # here


@case("calls str() with a dict or set")
def writes_a_set(state, input, actions):
    state["v"] = str(SET)  # here


@case("iterates over a dict")
def formats_a_dict(state, input, actions):
    state["v"] = f"it is {TABLE}"  # here


@case("calls json.dumps() with a dict or set")
def dumps(state, input, actions):
    state["v"] = json.dumps(TABLE)  # here


@case("calls min() with a dict or set (careless.py:%d), where two have the same key")
def takes_one_of_two_best(state, input, actions):
    state["v"] = min(TABLE, key=len)  # here


@case("calls sorted() with a dict or set")
def sorts_by_half(state, input, actions):
    state["v"] = sorted(SET, key=len)  # here


@case("calls set.pop() with a dict or set")
def pops(state, input, actions):
    state["v"] = {"a", "b"}.pop()  # here


@case("iterates over a set")
def adds_a_set(state, input, actions):
    items = []
    items += SET  # here
    state["v"] = items


@case("puts the items of a dict or set into a list")
def extends_the_state(state, input, actions):
    state["items"].extend(SET)  # here


@case("iterates over a dict")
def counts_letters(state, input, actions):
    state["v"] = [n for n in collections.Counter("text")]  # here


def helper(state):
    state["v"] = [k for k in TABLE]  # here: helps


@case("iterates over a dict")
def helps(state, input, actions):
    helper(state)


@case("changes total, which is outside of `state`, and lost in a reset; keep it in state")
def adds_up(state, input, actions):  # here
    global total
    total += 1


@case("changes brand_new")
def makes_a_global(state, input, actions):  # here
    global brand_new
    brand_new = 1


@case("changes seen")
def remembers(state, input, actions):  # here
    seen.append(input.now)


@case("changes a default of remembers_in_a_default()")
def remembers_in_a_default(state, input, actions, known=[]):  # noqa: B006  # here
    known.append(1)


@case("changes a default of|changes Thing|an attribute of Thing")
def marks_a_class(state, input, actions):  # here
    Thing.marked = True


@case("made something else when it ran again, from the same state and input")
def takes_a_number(state, input, actions):  # here
    state["v"] = next(numbers)


@case("calls time.time()")
def catches_everything(state, input, actions):
    try:
        state["v"] = int(time.time())  # here
    except BaseException:
        state["v"] = 0


@case("is async, so that nothing of it runs")
async def waits(state, input, actions):  # here
    state["v"] = 1


@case("has a yield, so that nothing of it runs")
def yields(state, input, actions):  # here
    state["v"] = 1
    yield
