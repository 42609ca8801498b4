# The garden's handlers: a button, a soil sensor, a valve.  Which pins these are the board knows.
import asyncio
import json

from machine import ADC, Pin

import tsme

with open("board.json") as f:
    pins = json.load(f)["pins"]
button = Pin(pins["button"], Pin.IN, Pin.PULL_UP)
sensor = ADC(Pin(pins["soil"]))
valve = Pin(pins["valve"], Pin.OUT)
tasks = tsme.Tasks()


@tasks.task("button", effect="pure")
async def pressed(payload):
    while button.value():
        await asyncio.sleep(0.01)
    print("the button is pressed")


@tasks.task("soil", effect="pure")
def soil(payload):
    return sensor.read_u16() // 64


@tasks.task("open", effect="once")
def open_valve(payload):
    valve.on()
    print("the valve is open")


@tasks.task("close", effect="idempotent")
def close_valve(payload):
    valve.off()
    print("the valve is closed")


@tasks.task("say", effect="idempotent")
def say(payload):
    print(payload)
