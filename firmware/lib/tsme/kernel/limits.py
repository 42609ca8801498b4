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
    "step_bytes": 24576,  # of the values that a state makes; here too
    "items": 1000,  # of a Map; here too
    "state_bytes": 16384,  # a checkpoint of everything that is alive
}


def check(limits, name, asked):
    if asked > limits[name]:
        raise over("TSME-L001", asked, limits[name], name)


def check_program(limits, size, asked):
    # `asked`: as a program has them (docs/SPEC.md, 2), 0 for the usual
    check(limits, "program_bytes", size)
    for i, name, usual in (
        (0, "slots", 0),
        (1, "stack", 0),
        (3, "budget", 256),
        (5, "value_bytes", 262144),
        (6, "step_bytes", 24576),
        (7, "items", 1000),
    ):
        check(limits, name, asked[i] or usual)
