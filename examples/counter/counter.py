# The smallest machine that is of use: it counts, and no reset makes it forget.


class Counter:
    initial = {"count": 0}

    def stf(state, input, actions):
        state["count"] += input.value
        if state["count"] < 0:  # too late to check?  No: a step that raises has not happened
            raise ValueError("there are no %d left" % -input.value)


def check(state):
    # what must be so after each step
    assert list(state) == ["count"]
    assert type(state["count"]) is int
    assert state["count"] >= 0
