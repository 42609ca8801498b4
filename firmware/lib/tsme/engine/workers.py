# Tasks whose result comes from outside, by a token: callbacks and activities; loaded for them.
from .. import const
from ..errors import fault
from ..values.copies import handed
from .tasks import is_activity

# As kernel/protocol.py has them.
_RUNNING = const(0)


def holder(state, token):
    execution, _, i = token.partition("-")
    if state.execution and state.status == _RUNNING and execution == str(state.execution):
        for action in state.tasks():
            if str(action.id) == i:
                return action.id
    raise fault("TSME-T003", token)


def activities(state, name):
    out = []
    for action in state.tasks():
        if is_activity(action.resource):
            if name is None or action.resource.endswith(":" + name):
                token = "%d-%d" % (state.execution, action.id)
                out.append((token, action.resource, handed(action.payload)))
    return out
