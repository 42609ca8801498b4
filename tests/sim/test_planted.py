"""Planted mistakes are found within so many seeds, and shrink to what they need."""

from pathlib import Path

import pytest

from tests.sim import planted
from tests.sim.shops import ShopSim
from tsme.errors import TsmeError
from tsme.kernel.executor import Executor
from tsme.machine import Machine
from tsme.testing import replay, replay_file
from tsme_sim.campaign import campaign, shrink
from tsme_sim.device import Device
from tsme_sim.jobs import parallel
from tsme_sim.reproducer import again, commit, load, regression, save, simulations, story
from tsme_sim.subjects import subjects_of
from tsme_sim.summary import told
from tsme_sim.swarm import CUT, RESET, SIGNAL

FILE = Path(planted.__file__)
ROOM = 60.0  # s for shrinking: never the limit


def failure_of(kind, seeds=40):
    found = campaign(kind, range(seeds)).failure
    assert found is not None
    return found


def smallest(kind, seeds=40):
    return shrink(kind, subjects_of(kind), failure_of(kind, seeds), ROOM)


@pytest.mark.parametrize(
    ("kind", "seeds", "message"),
    planted.PLANTS,
    ids=[kind.__name__ for kind, *_ in planted.PLANTS],
)
def test_a_planted_mistake_is_found(kind, seeds, message):
    failure = failure_of(kind, seeds)
    assert failure.message.startswith(tuple(message.split("|"))), failure.message


# --- shrinking ---


def test_five_signals_shrink_to_five_moves():
    failure = smallest(planted.FullAtFive)
    assert failure.moves == [(SIGNAL, 0, 0)] * 5
    assert failure.shrunk >= 5
    assert "it is full" in failure.message


def test_a_third_life_shrinks_to_two_losses_of_power_and_a_step():
    failure = smallest(planted.ThirdLife)
    kinds = sorted(kind for kind, *_ in failure.moves)
    # A cut may be followed by another one as soon as the power is back.
    assert 1 <= sum(kind in (RESET, CUT) for kind in kinds) <= 2, failure.moves
    assert len(kinds) <= 5  # each cut needs a step that it tears


def test_a_cut_shrinks_to_the_earliest_one():
    failure = smallest(planted.AfterACut)
    assert failure.moves == [(CUT, 0, 0), (SIGNAL, 0, 0), (SIGNAL, 0, 0)]  # cut, torn, a step
    assert "⚡ power cut in a flash operation" in "\n".join(story(planted.AfterACut, failure))


def test_faults_that_are_not_needed_are_left_out():
    failure = smallest(planted.FullAtFive)
    assert failure.without
    assert not set(planted.FullAtFive.faults) - set(failure.without) & {"reset", "cut", "clock"}


def test_what_is_shrunk_fails_at_the_same_place():
    for kind in (planted.ForgetsAName, planted.CountsWhatComesTwice):
        failure = failure_of(kind)
        less = shrink(kind, subjects_of(kind), failure, ROOM)
        assert less.same == failure.same
        assert len(less.moves) <= 4


def test_a_failure_of_the_guard_shrinks_under_guard():
    failure = smallest(planted.KeepsItAndIsGuarded)
    assert len(failure.moves) == 1
    assert failure.message.startswith("Undetermined: stf() changes an attribute of Machine") or (
        "Machine.count" in failure.message
    )


def test_a_failure_that_does_not_come_again_says_so():
    planted.Unsteady.made = 0
    failure = campaign(planted.Unsteady, range(5)).failure
    assert failure is not None
    less = shrink(planted.Unsteady, subjects_of(planted.Unsteady), failure, ROOM)
    assert not less.steady
    assert less.moves == failure.moves
    text = "\n".join(told(less, "", [], ""))
    assert "It did not come again from its own seed" in text


# --- to have it again ---


def test_a_reproducer_file_goes_there_and_back(tmp_path):
    failure = smallest(planted.FullAtFive)
    path = tmp_path / "FullAtFive-0.sim.json"
    save(path, FILE, planted.FullAtFive, failure)
    saved = load(path)
    assert saved.failure.moves == failure.moves
    assert saved.failure.message == failure.message
    assert saved.failure.without == failure.without
    assert saved.commit == commit(FILE.parent)
    assert saved.simulation == f"{FILE}:FullAtFive"
    _, found = again(FILE, "FullAtFive", saved.failure)
    assert found is not None
    assert found.message == failure.message
    with pytest.raises(AssertionError, match="it is full"):
        replay_file(path)


def test_what_is_no_reproducer_is_refused(tmp_path):
    path = tmp_path / "x.sim.json"
    for text in ("", "[]", "{}", '{"seed": 1, "moves": [[1]], "without": []}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TsmeError, match="TSME-S003"):
            load(path)


def test_the_regression_test_runs_and_fails_until_it_is_mended():
    failure = smallest(planted.FullAtFive)
    names = {"replay": replay, "FullAtFive": planted.FullAtFive}
    exec(regression(planted.FullAtFive, failure), names)
    with pytest.raises(AssertionError, match=r"(?s)it is full .*signal 1"):
        names[f"test_seed_{failure.seed}"]()

    class Mended(planted.FullAtFive):
        def check(self, device):
            pass

    names["FullAtFive"] = Mended
    names[f"test_seed_{failure.seed}"]()


def test_two_processes_find_the_failure_of_the_smallest_seed():
    file = FILE.with_name("rare.py")
    kind = simulations(file)["Rare"]
    alone = campaign(kind, range(60)).failure
    assert alone is not None
    assert alone.seed > 2
    both = parallel(file, kind, range(60), 2, None, lambda _: None).failure
    assert both is not None
    assert (both.seed, both.moves, both.message) == (alone.seed, alone.moves, alone.message)


# --- a kernel that lies ---


def test_a_kernel_that_recovers_something_else_is_caught_at_the_reboot(monkeypatch):
    whole = Device.recover

    def recover(self):
        busy = whole(self)
        self.state.steps -= 1
        return busy

    monkeypatch.setattr(Device, "recover", recover)
    failure = failure_of(ShopSim, 10)
    assert "after a reset" in failure.message


def test_a_digest_that_hides_a_change_is_caught_by_the_fresh_replay():
    calls = [0]

    class Hides(Machine):
        def call(self, d, function, part, given):
            calls[0] += 1
            part = super().call(d, function, part, given)
            if calls[0] % 7 == 0:
                d.frames += b"\x00"
            return part

    class Quiet(ShopSim):
        guard = False
        machine = Hides(ShopSim.machine)

    assert failure_of(Quiet, 10).message.startswith("Mismatch: TSME-R001")


def test_a_record_that_is_not_durable_is_caught(monkeypatch):
    monkeypatch.setattr(Executor, "commit", lambda self, step: None)
    assert "after a reset" in failure_of(ShopSim, 10).message
