# A life of a machine: what may come to it, by a seed, on any interpreter.
from tests.relational.machines import Valve
from tsme.kernel import Kernel, State
from tsme.kernel.rejected import Rejected
from tsme.kernel.rng import Rng
from tsme.relational import Relational
from tsme.values.cbor import decode
from tsme.values.copies import ordered

SIGNALS = (  # type: ignore[var-annotated]
    {"add": ["Opening"]},
    {"add": ["Opening"], "args": {"ok": False}},
    {"add": "Tick", "args": {"n": 1}},
    {"toggle": ["Open"]},
    {"remove": ["Opening", "Closed"]},
    {"set": ["Start", "Ready", "Tick"]},
    {"add_err": "hot", "state": "ErrStuck"},
    {"add_err": ["Cold", "raise"], "state": "ErrStuck"},
    {"can_add": ["Opening"]},
    {"can_remove": ["Ready"]},
    {"eval": "double", "args": {"by": 3}},
    {"eval": "__init__"},
    {"when": {"states": ["Open"], "key": "o"}},
    {"when_ticks": {"states": ["Tick"], "n": 2}},
    {"when_args": {"states": ["Tick"], "args": {"n": 1}}},
    {"when_query": {"query": "often", "values": [3]}},
    {"when_query": {"query": "sour", "values": [2]}},
    {"context": {"states": ["Opening"], "key": "c"}},
    {"when_queue_ends": {}},
    {"seen": "o"},
    {"forget": "c"},
    {"add": ["Nobody"]},
    {"nothing": 1},
)


def step_of(rng, state):
    # what comes next
    pending = [state.pending[i] for i in sorted(state.pending)]
    if pending and rng.below(2):
        a = pending[rng.below(len(pending))]
        if a.kind == 1 or a.due is not None and rng.below(6) == 0:
            return (5, max(a.due, state.now), a.id)
        if rng.below(3):
            return (2, state.now + 5, a.id, {"litres": rng.below(50)})
        return (3, state.now + 5, a.id, "Stuck", "raise" if rng.below(2) else "slow")
    return (8, state.now + 1 + rng.below(2000), ordered(SIGNALS[rng.below(len(SIGNALS))]))


def life(seed, most=25, restore=False):
    # -> [record or cause of a rejection ..., checkpoint].  restore: each step begins with what a
    # checkpoint has.
    rng = Rng(seed * 7919 + 3)
    client = Relational(Valve)
    kernel = Kernel(client)
    step = kernel.step(State(), (1, 1000, 1, client.program.digest, seed, {"a": seed}, None, 1))
    out = [bytes(step.record)]
    state = step.state
    for _ in range(most):
        if state.status:
            break
        if restore:
            state = kernel.restore(decode(kernel.checkpoint(state), 0, True)[0])
        before = kernel.checkpoint(state)
        try:
            step = kernel.step(state, step_of(rng, state))
        except Rejected as e:
            out.append(e.cause)
            if kernel.checkpoint(state) != before:
                out.append("it has happened")
            continue
        out.append(bytes(step.record))
        state = step.state
        out.append(kernel.checkpoint(state))
    return out
