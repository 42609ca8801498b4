"""How many cut states of the journal in C the crash proof goes through, by CPU time."""

from __future__ import annotations

import resource
import sys

from tests.crash import core

SECONDS = 12.0


def measure(repeat: int) -> dict[str, float]:
    """Distinct cut states an hour and core; nothing without a compiler."""
    if not core.compiler():
        sys.stderr.write("bench: no cut states of the C core without a compiler\n")
        return {}
    program = core.build()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = core.run(0, SECONDS, 1, program)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "crash.core.states_per_hour": round(total.states / cpu * 3600),
        "crash.core.violations": total.violations,
    }
