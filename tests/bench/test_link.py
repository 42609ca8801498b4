"""The line is used as far as SMP's framing lets it be, and nothing is lost on it.

Bytes are counted and no time is taken, so that these numbers are the same on every computer.
"""

from tests.bench import link


def test_the_line_is_used_and_nothing_is_lost():
    numbers = link.measure(1)
    assert numbers["link.upload_efficiency"] >= 0.9
    assert numbers["link.pull_efficiency"] >= 0.9
    assert numbers["link.vs_mpremote"] >= 2
    assert numbers["link.lost"] == 0
