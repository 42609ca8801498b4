# Tasks whose result comes from outside, by a token: callbacks and activities; loaded for them.
from .. import const
from ..errors import TsmeError
from ..values.copies import handed
from .tasks import is_activity

# As events.py has them.
_RUNNING = const(0)
_TASK = const(0)
_ID = const(0)
_KIND = const(1)
_RESOURCE = const(4)
_PAYLOAD = const(5)


def holder(state, token):
    execution, _, i = token.partition("-")
    if state.execution and state.status == _RUNNING and execution == str(state.execution):
        for action in state.pending.values():
            if str(action[_ID]) == i and action[_KIND] == _TASK:
                return action[_ID]
    raise TsmeError("TSME-T003", "no task waits for the token " + token)


def activities(state, name):
    out = []
    for i in sorted(state.pending):
        action = state.pending[i]
        if action[_KIND] == _TASK and is_activity(action[_RESOURCE]):
            if name is None or action[_RESOURCE].endswith(":" + name):
                token = "%d-%d" % (state.execution, i)
                out.append((token, action[_RESOURCE], handed(action[_PAYLOAD])))
    return out
