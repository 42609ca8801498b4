# Clocks: a tick for each state, odd while it is active.  time: ticks by index, or of the states
# that are named; clock: {name: tick}.


class Clocks:
    def __init__(self, s, at):
        self._s = s  # the schema
        self._at = at  # ticks

    def _of(self, states):
        return range(len(self._at)) if states is None else self._s.indexes(states)

    def ticks(self, state):
        return self._at[self._s.indexes(state)[0]]

    def time(self, states=None):
        return [self._at[i] for i in self._of(states)]

    def clock(self, states=None):
        return {self._s.names[i]: self._at[i] for i in self._of(states)}

    def time_sum(self, states=None):
        return sum(self.time(states))

    def is_time(self, times, states=None):
        return self.time(states) == list(times)

    def was_time(self, times, states=None):
        # Is it as late as this, or later?
        return all([a >= b for a, b in zip(self.time(states), times)])

    def is_clock(self, clock):
        return all([self.ticks(n) == clock[n] for n in clock])

    def was_clock(self, clock):
        return all([self.ticks(n) >= clock[n] for n in clock])

    def after(self, times, states=None):
        # Is each of them later?
        return all([a > b for a, b in zip(self.time(states), times)])

    def before(self, times, states=None):
        return all([a < b for a, b in zip(self.time(states), times)])

    def diff(self, times, states=None):
        # how many ticks each has gone on since
        return [a - b for a, b in zip(self.time(states), times)]

    def distance(self, times, states=None):
        # how many ticks there are between, in all
        return sum([abs(n) for n in self.diff(times, states)])

    def next_active(self, state):
        # in how many ticks it is active anew
        return 1 + self.ticks(state) % 2
