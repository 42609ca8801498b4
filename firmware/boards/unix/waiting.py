# Says for what an execution waits: once for each state, not at every round of a loop.
import time

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
    speak = None

    def __init__(self, *given):
        super().__init__(*given)
        self.known = set()

    async def pause(self, ms):
        if self.speak and not self.queue:
            self.tell()
        await super().pause(ms)

    def tell(self):
        for i in sorted(self.state.pending):
            action = self.state.pending[i]
            number = self.state.state_of(action)
            if number is None:
                continue  # the time limit of the workflow
            name = '"%s"' % self.names[number] if number < len(self.names) else "a state"
            if action.kind:
                if action.due - self.clock() < LEAST:
                    continue
                text = "%s until %s" % (name, moment(action.due))
            elif is_callback(action.resource) or is_activity(action.resource):
                text = "%s for its token %d-%d" % (name, self.state.execution, i)
            else:
                continue
            if number not in self.known:
                self.known.add(number)
                self.speak("tsme: waiting in " + text)
