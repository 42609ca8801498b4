# Every limit, in one place; the defaults suit a board with 100 KB of heap.
#
# `check(limits, name, asked)` refuses before anything changes.  To raise one:
#     tsme.LIMITS["program_bytes"] = 65536

from ..errors import over

LIMITS = {
    "program_bytes": 32768,  # a .tsm file, without its debug part
    "slots": 64,  # `$` and the variables of a frame
    "stack": 64,  # operands of one expression
    "budget": 4096,  # transitions in a step
    "work": 65536,  # 256 bytes each that functions and queries of a state go through beyond that
    "value_bytes": 262144,  # of a value, that a program may ask for
    "step_bytes": 32768,  # of the values that a state makes; here too
    "items": 1000,  # of a Map; here too
    "state_bytes": 16384,  # a checkpoint of everything that is alive
}


def check(limits, name, asked):
    if asked > limits[name]:
        raise over("TSME-L001", asked, limits[name], name)


def spend(d, work, size, most):
    # What an operation went through counts as transitions of the step, one for 256 bytes or
    # values: so a step is bounded in its work.  It may be more than are left; what a state takes
    # beyond them has a limit of its own.
    #
    # So does the `size` of a value that it made: a state may make `most` bytes of large ones, and
    # a step that has made as many ends with its state.  d.work is what was beyond the budget,
    # bytes made in the step and before this state, and d.left when these were counted.
    total = d.work = d.work or [0, 0, 0, -1]
    if total[3] != d.left:
        total[2] = total[1]
    if size > 255:
        total[1] += size
    work >>= 8
    total[0] += max(0, work - d.left)
    total[3] = d.left = max(0, d.left - work) if total[1] < most else 0
    if total[1] - total[2] > most:
        from ..errors import error

        total[3] = -1
        raise error(11)
    check(LIMITS, "work", total[0])
