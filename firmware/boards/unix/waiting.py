# Says for what an execution waits: once for each state, not at every round of a loop.
import time

from prepare import say

from tsme import Engine
from tsme.engine.tasks import is_activity, is_callback

LEAST = 2000  # ms that are worth a word


def moment(ms):
    # a time as the clock on the wall will show it
    then, now = time.localtime(-(-ms // 1000)), time.localtime()
    text = "%02d:%02d:%02d" % then[3:6]
    return text if then[:3] == now[:3] else "%d-%02d-%02d " % then[:3] + text


class SayingEngine(Engine):
    names = ()  # of states, by number
    speak = False

    def __init__(self, *given):
        super().__init__(*given)
        self.known = set()

    async def pause(self, ms):
        if self.speak and not self.queue:
            tell(self, self.names, self.known, "")
        await super().pause(ms)


def tell(engine, names, known, whose):
    for i in sorted(engine.state.pending):
        action = engine.state.pending[i]
        number = engine.state.state_of(action)
        if number is None:
            if action.kind:
                continue  # the time limit of a workflow, a timer of a machine
            name = '"%s"' % action.resource
        else:
            name = '"%s"' % names[number] if number < len(names) else "a state"
        if action.kind:
            if action.due - engine.clock() < LEAST:
                continue
            text = "%s until %s" % (name, moment(action.due))
        elif is_callback(action.resource) or is_activity(action.resource):
            text = "%s for its token %d-%d" % (name, engine.state.execution, i)
        else:
            continue
        if (whose, name, number) not in known:
            known.add((whose, name, number))
            say("tsme: %swaiting in %s" % (whose, text))
