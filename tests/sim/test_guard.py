# ruff: noqa: A002, N805, RUF012

# ruff: noqa: A002
import gc
import inspect
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sim import careless
from tests.sim.careful import Careful
from tsme.kernel import Kernel, State, checkpoints
from tsme.kernel.rejected import Rejected
from tsme.machine import Machine
from tsme_sim.campaign import campaign
from tsme_sim.purity.guard import Undetermined, guarded
from tsme_sim.simulation import Simulation
from tsme_sim.terms import Mistake

START = (1, 1_000_000, 1)
SIGNAL = (8, 1_000_500)


def one_signal(machine, value=None):
    """A machine's state after it got one signal."""
    kernel = Kernel(machine)
    state = kernel.step(State(), (*START, machine.program.digest, 5, None, None, 1)).state
    return kernel.step(state, (*SIGNAL, value)).state


def line_of(kind):
    """Where the comment `here` is in a function."""
    lines = Path(careless.__file__).read_text(encoding="utf-8").splitlines()
    named = [n for n, line in enumerate(lines, 1) if line.endswith(f"here: {kind.__name__}")]
    source, first = inspect.getsourcelines(kind.stf)
    return [*named, *(first + n for n, line in enumerate(source) if line.endswith("# here\n"))][0]


@pytest.mark.parametrize(
    ("kind", "text"), careless.CASES, ids=[kind.__name__ for kind, _ in careless.CASES]
)
def test_it_says_what_was_done_where_and_what_to_do_instead(kind, text):
    if "%d" in text:
        text %= line_of(kind)
    with pytest.raises(Undetermined) as caught:
        one_signal(guarded(kind))
    assert any(part in str(caught.value) for part in text.split("|")), caught.value
    assert caught.value.where == f"careless.py:{line_of(kind)}"
    assert sys.getprofile() is None


def test_every_case_does_no_harm_without_the_guard_and_code_is_what_it_was():
    before = careless.goes_through_a_dict.__code__
    with pytest.raises(Undetermined):
        one_signal(guarded(careless.CASES[0][0]))
    with pytest.raises(Undetermined):
        one_signal(guarded(type("M", (), {"stf": careless.goes_through_a_dict})))
    assert careless.goes_through_a_dict.__code__ is before
    assert "__tsme_guard__" not in vars(careless)
    one_signal(Machine(type("M", (), {"stf": careless.goes_through_a_dict})))


@pytest.mark.parametrize(
    ("kind", "text"),
    careless.CASES[:40:13],
    ids=[kind.__name__ for kind, _ in careless.CASES[:40:13]],
)
def test_a_campaign_reports_it_as_a_mistake_and_not_as_a_rejection(kind, text):
    class Careless(Simulation):
        machine = kind
        rejects = (Exception,)

        def signal(self, dice, device):
            return 1

    failure = campaign(Careless, range(3)).failure
    assert failure is not None
    assert failure.seed == 0
    assert re.match(r"Undetermined: stf\(\) ", failure.message)
    assert failure.where == f"careless.py:{line_of(kind)}"
    assert issubclass(Undetermined, Mistake)


# --- what is allowed ---


def test_what_depends_on_state_and_input_alone_gives_what_it_gives_without_the_guard():
    value = {"z": 1, "b": 2, "a": 3}
    plain, under = (one_signal(m, value) for m in (Machine(Careful), guarded(Careful)))
    assert checkpoints.value(under) == checkpoints.value(plain)
    assert list(under.client.items()) == list(plain.client.items())
    assert len(under.client) > 30


def test_a_machine_that_is_an_object_and_one_that_is_made_in_a_function():
    limit = 3

    def bounded(n):
        return min(n, limit)

    class Local:
        initial = {"n": 0}

        def __init__(self, step):
            self.step = step

        def stf(self, state, input, actions):
            state["n"] = bounded(state["n"] + self.step)

    assert one_signal(guarded(Local(5))).client == {"n": 3}

    class Forgetful(Local):
        def stf(self, state, input, actions):
            super().stf(state, input, actions)
            self.step += 1

    with pytest.raises(Undetermined, match="changes forgetful"):
        one_signal(guarded(Forgetful(1)))

    def counted():
        n = 0

        class Closed:
            def stf(state, input, actions):
                nonlocal n
                n += 1

        return Closed

    with pytest.raises(Undetermined, match="changes n, which is outside"):
        one_signal(guarded(counted()))


def test_a_rejection_is_one_still_and_must_be_the_same_twice():
    class Picky:
        def stf(state, input, actions):
            state["n"] = 1
            raise ValueError("not today")

    with pytest.raises(Rejected, match="ValueError: not today"):
        one_signal(guarded(Picky))

    turns = iter((0, 1))

    class Moody:
        def stf(state, input, actions):
            if next(turns):
                raise ValueError("not today")

    with pytest.raises(Undetermined, match="made something else when it ran again"):
        one_signal(guarded(Moody))


def test_start_and_restore_are_under_guard_as_well():
    class Starts:
        def start(state, input, actions):
            state["at"] = int(time.time())

        def stf(state, input, actions):
            pass

    with pytest.raises(Undetermined, match=r"start\(\) calls time.time\(\)"):
        one_signal(guarded(Starts))

    class Restores:
        def stf(state, input, actions):
            actions.task("brew")

        def restore(state, actions):
            for i, name, _ in actions.pending:
                actions.task(name, {"seed": random.random()}, id=i)

    machine = guarded(Restores)
    state = one_signal(machine)
    with pytest.raises(Undetermined, match=r"restore\(\) calls random.random\(\)"):
        machine.restore(state)

    class Clean(Restores):
        def restore(state, actions):
            for i, _, _ in actions.pending:
                actions.again(i)

    machine = guarded(Clean)
    assert machine.restore(one_signal(machine))[0][4] == "brew"


def test_without_source_it_warns_and_sees_calls_all_the_same():
    names = {}
    source = (
        "import time\nclass Hidden:\n def stf(state, input, actions):\n  state['t'] = time.time()"
    )
    exec(compile(source, "<nowhere>", "exec"), names)
    with pytest.warns(UserWarning, match=r"no source of Hidden.stf: .* iterates over dicts"):
        machine = guarded(names["Hidden"])
    with pytest.raises(Undetermined, match=r"calls time.time\(\) \(<nowhere>:4\)"):
        one_signal(machine)


def test_in_a_file_of_its_own_and_in_main(tmp_path):
    file = tmp_path / "program.py"
    text = (
        "from tsme.kernel import Kernel, State\n"
        "from tsme.testing import guarded\n"
        "import other\n"
        "NAMES = {'a', 'b'}\n"
        "class M:\n"
        "    def stf(state, input, actions):\n"
        "        state['names'] = %s\n"
        "m = guarded(M)\n"
        "k = Kernel(m)\n"
        "s = k.step(State(), (1, 1000, 1, m.program.digest, 5, None, None, 1)).state\n"
        "k.step(s, (8, 1000, None))\n"
    )
    other = "NAMES = {'a', 'b'}\ndef names():\n    return [name for name in NAMES]\n"
    (tmp_path / "other.py").write_text(other, encoding="utf-8")
    for names, place in (
        ("[name for name in NAMES]", "program.py:7"),
        ("other.names()", "other.py:3"),
    ):
        file.write_text(text % names, encoding="utf-8")
        done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
        assert f"iterates over a set ({place}), whose order differs" in done.stderr


def test_profilers_and_tracers_of_others_are_theirs_again():
    def mine(frame, event, arg):
        return None

    sys.setprofile(mine)
    try:
        one_signal(guarded(Careful), {})
        assert sys.getprofile() is mine
    finally:
        sys.setprofile(None)


def test_a_machine_may_collect_its_garbage_whoever_listens():
    class Tidy:
        initial = {}

        def stf(state, input, actions):
            state["n"] = 0 * gc.collect()

    def callback(phase, info):
        time.perf_counter()

    gc.callbacks.append(callback)
    try:
        assert one_signal(guarded(Tidy)).client == {"n": 0}
        assert callback in gc.callbacks
    finally:
        gc.callbacks.remove(callback)


def test_what_the_garbage_collector_calls_is_not_the_machine():
    # Hypothesis has such a callback, in the process of all tests behind its first.
    class Fills:
        initial = {}

        def stf(state, input, actions):
            kept = [[] for _ in range(100)]
            state["n"] = len(kept)

    calls = []

    def callback(phase, info):
        calls.append(time.perf_counter())

    thresholds = gc.get_threshold()
    gc.callbacks.append(callback)
    gc.set_threshold(10)
    try:
        assert one_signal(guarded(Fills)).client == {"n": 100}
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(callback)
    assert calls
    assert gc.isenabled()
