# Says for what an execution waits: once for each state, not at every round of a loop.
import time

from tsme import Engine
from tsme.engine.tasks import is_activity, is_callback

KIND, FRAME, DUE, RESOURCE = 1, 2, 3, 4  # of an action; its kind is 0 for a task
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
            frame = action[FRAME]
            if frame is None:
                continue  # the time limit of the workflow
            number = self.state.client[frame].state
            name = '"%s"' % self.names[number] if number < len(self.names) else "a state"
            if action[KIND]:
                if action[DUE] - self.clock() < LEAST:
                    continue
                text = "%s until %s" % (name, moment(action[DUE]))
            elif is_callback(action[RESOURCE]) or is_activity(action[RESOURCE]):
                text = "%s for its token %d-%d" % (name, self.state.execution, i)
            else:
                continue
            if number not in self.known:
                self.known.add(number)
                self.speak("tsme: waiting in " + text)
