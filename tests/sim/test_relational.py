"""Relational machines under simulation: their states, what handlers raise, and the guard."""
# ruff: noqa: N802, N805, RUF012

import random
import time

import pytest

from tsme.kernel import Kernel, State, checkpoints
from tsme.relational import Relational
from tsme_sim.campaign import campaign
from tsme_sim.coverage import missed
from tsme_sim.purity.guard import Undetermined, guarded
from tsme_sim.simulation import Simulation
from tsme_sim.subjects import subjects_of

START = (1, 1_000_000, 1)


class Lamp:
    name = "lamp"
    states = [
        ("Start", {}),
        ("On", {"require": ["Start"], "remove": ["Off"]}),
        ("Off", {"auto": True, "require": ["Start"], "remove": ["On"]}),
        ("Pulse", {"multi": True}),
        ("Broken", {}),
        ("Never", {}),
    ]
    tasks = ("light",)
    initial = {"pulses": 0}

    def OnState(m):
        m.task("light", {"n": m.random(10)}, add=["Pulse"], failed=["Broken"], timeout=3000)
        m.timer(5000, remove=["On"])

    def PulseState(m):
        m.data["pulses"] += 1
        m.log(sorted(m.data))


class LampSim(Simulation):
    machine = Lamp
    steps = 60

    def signal(self, dice, device):
        return {"toggle" if dice.below(2) else "add": "On"}

    def check(self, device):
        assert not device.is_active(["On", "Off"])
        assert device.is_active("On") == ("On" in device.active_states())
        assert device.is_active("On") == bool(device.ticks("On") & 1)
        assert device.value == {"pulses": device.value["pulses"]}
        assert device.value["pulses"] == (device.ticks("Pulse") + 1) // 2


def signalled(machine, *values):
    """A machine's state after it got signals."""
    kernel = Kernel(machine)
    state = kernel.step(State(), (*START, machine.program.digest, 5, None, None, 1)).state
    for value in values:
        state = kernel.step(state, (8, state.now + 1, value)).state
    return state


def lamp(**members):
    """A machine with other functions."""
    return type("Lamp", (Lamp,), members)


def test_a_check_sees_states_ticks_and_values_and_what_was_never_active_is_told():
    result = campaign(LampSim, range(34))
    assert result.failure is None
    (subject,) = subjects_of(LampSim)
    seen = result.seen.devices["lamp"]
    assert missed(subject, seen).states == ["Never"]
    assert seen.states["Start"] == seen.inputs[1]
    assert seen.states["On"] > 100
    assert result.seen.faults["reset"]
    assert result.seen.faults["power cut in a flash operation"]


def test_steps_under_guard_give_what_they_give_without():
    values = [
        {"add": "On"},
        {"toggle": "On"},
        {"add": "Pulse"},
        {"add": "Pulse", "args": {"a": 1}},
    ]
    plain, under = (signalled(m, *values) for m in (Relational(Lamp), guarded(Lamp)))
    assert checkpoints.value(under) == checkpoints.value(plain)
    assert under.digest == plain.digest


class Kept:
    count = 0


def reads_the_clock(m):
    m.data["at"] = int(time.time())


def rolls_dice(m):
    m.data["n"] = random.randrange(6)


def goes_through_a_set(m):
    m.data["all"] = [name for name in {"a", "b", m.args.get("c", "c")}]  # noqa: C416


def keeps_a_count(m):
    Kept.count += 1
    m.data["pulses"] = Kept.count


async def waits(m):
    m.data["pulses"] = 1


@pytest.mark.parametrize(
    ("handler", "text"),
    [
        (reads_the_clock, "PulseState() calls time.time() (test_relational.py:"),
        (reads_the_clock, "take m.now"),
        (rolls_dice, "take m.random(n)"),
        (goes_through_a_set, "PulseState() iterates over a set (test_relational.py:"),
        (keeps_a_count, "a handler changes Kept.count"),
        (waits, "PulseState() is async"),
        (waits, "start a task with m.task()"),
    ],
)
def test_the_guard_says_what_a_handler_depends_on(handler, text):
    machine = lamp(PulseState=handler)
    with pytest.raises(Undetermined) as caught:
        signalled(guarded(machine), {"add": "Pulse"})
    assert text in str(caught.value)

    class Careless(LampSim):
        def check(self, device):
            pass

        def signal(self, dice, device):
            return {"add": "Pulse"}

    Careless.machine = machine
    failure = campaign(Careless, range(2)).failure
    assert failure.message.startswith("Undetermined: ")
    assert text in failure.message


class Own(Exception):
    pass


def raising(error):
    def PulseState(m):
        raise error

    return PulseState


def failure_of(error, **members):
    class Raises(Simulation):
        machine = lamp(PulseState=raising(error))
        steps = 20

        def signal(self, dice, device):
            return members.get("sent", {"add": "Pulse"})

    result = campaign(Raises, range(2))
    return result.failure, result.seen.devices["lamp"]


def test_what_a_handler_raises_by_mistake_is_a_failure_and_what_it_refuses_by_is_none():
    failure, _ = failure_of(KeyError("soil"))
    assert failure.message == "KeyError: PulseState() raised KeyError: 'soil'"
    for error in (ValueError("no"), Own("no")):
        failure, seen = failure_of(error)
        assert failure is None
        assert sum(seen.rejected.values()) > 10
        assert seen.states["Exception"]


def evaluated(function):
    """What comes of a function that is called by its name, from a handler and by a signal."""

    def PulseState(m):
        m.eval("look", {"n": 1})

    class Looks(Simulation):
        machine = lamp(PulseState=PulseState, **function)
        steps = 20

        def signal(self, dice, device):
            return {"eval": "look"} if dice.below(2) else {"add": "Pulse"}

    return campaign(Looks, range(4))


def test_what_a_function_raises_that_is_called_by_its_name_is_a_mistake_too():
    def look(m):
        raise KeyError("soil")

    failure = evaluated({"look": look}).failure
    assert failure.message == "KeyError: look() raised KeyError: 'soil'"
    assert "has no function look" in evaluated({}).failure.message

    def refuses(m):
        raise ValueError("no")

    assert evaluated({"look": refuses}).failure is None
    assert evaluated({"look": lambda m: m.is_active("On")}).failure is None


def test_a_class_may_have_the_states_that_it_inherits_alone():
    class Basic:
        inherit = ["basic"]

    class BasicSim(Simulation):
        machine = Basic
        steps = 20

        def signal(self, dice, device):
            return {"toggle": "Ready"}

    result = campaign(BasicSim, range(2))
    assert result.failure is None
    (seen,) = result.seen.devices.values()
    assert seen.states["Ready"]


def test_a_signal_that_names_no_state_is_a_mistake_of_who_sends_it():
    failure, _ = failure_of(ValueError("no"), sent={"add": "Nobody"})
    assert "a step raised TsmeError: " in failure.message
    assert "lamp has no state Nobody" in failure.message


def test_an_execution_that_ends_is_followed_by_another():
    def BrokenState(m):
        m.end(m.data["pulses"])

    class Ends(LampSim):
        machine = lamp(BrokenState=BrokenState)
        again = True

        def check(self, device):
            assert (device.value is None) == (device.status != "running")
            assert device.value is not None or device.active_states() == []
            assert device.value is not None or device.ticks("On") == 0

    result = campaign(Ends, range(34))
    assert result.failure is None
    seen = result.seen.devices["lamp"]
    assert seen.ends["succeeded"]
    assert seen.states["Start"] == seen.inputs[1] > 34
