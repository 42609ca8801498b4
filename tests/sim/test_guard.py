"""The guard sees what a machine depends on beside its state and input, and nothing else."""

import inspect
import re
import sys
from pathlib import Path

import pytest

from tests.sim import careless
from tsme.kernel import Kernel, State
from tsme.stf import Machine
from tsme_sim.campaign import campaign
from tsme_sim.device import Mistake
from tsme_sim.guard import Undetermined, guarded
from tsme_sim.simulation import Simulation

START = (1, 1_000_000, 1)
SIGNAL = (8, 1_000_500)


def one_signal(machine, value=None):
    """A machine's state after it got one signal."""
    kernel = Kernel(machine)
    state = kernel.step(State(), (*START, machine.digest, 5, None, None)).state
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
