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
