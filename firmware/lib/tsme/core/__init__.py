# Programs on the C core (native_modules/tsme_core), where there is the module tsme_core; else, and
# for whatever the core lacks, on the Python kernel: the same results, and the same bytes.
#
# Who makes a kernel asks here.  On a board without the core this room is not even loaded: one
# import decides (engine/outcome.py).
try:
    import tsme_core as core

    if core.API != 1:
        core = None  # of another version
except ImportError:
    core = None


def runs(program):
    # What runs a Program: a client of the kernel.
    if core and getattr(program, "data", None):
        from .client import Client

        return Client(program)
    from ..program.interpreter import Interpreter

    return Interpreter(program)


def booted(data, crc):
    # The same for the bytes of a program that were verified before, and its CRC-32 kept.
    if core:
        from .client import Client, Kept

        return Client(Kept(data, crc))
    from ..program import Program

    return runs(Program(data, crc))


def kernel(client, room=None, find=None):
    # The kernel for what runs() gave; for any other client the Python kernel.
    if core and (client is None or hasattr(client, "lacks")):
        from .stepper import CoreKernel

        return CoreKernel(client, room, find)
    from ..kernel import Kernel

    return Kernel(client, room, find)
