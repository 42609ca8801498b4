# A state that cannot be made fails (docs/SPEC.md, 3.1); loaded when one does, then forgotten.
from .. import const
from ..errors import StatesError
from .frames import own

# Numbers of docs/SPEC.md, 2.2.  A test compares them with opcodes.py.
_ENTER = const(17)
_JUMP = const(18)
_CATCH = const(23)
_T_ENTER = const(0)  # as in protocol.py
_T_ERROR = const(5)


def fail(vm, d, number, enters):
    # The state that frame `number` is in, or enters next, has the error d.error.  Its code runs
    # up to where it says who handles errors; nothing else does in this step.
    f = own(d, number)
    join, f.join = f.join, None
    while not join and (enters or f.pc == f.entry):
        op, a, pc = _fetch(vm.code, f.pc)
        if op == _JUMP and enters:
            f.pc = a
        elif op == _ENTER and enters:
            enters = False
            f.enter(a, d.now, pc)
            f.pc = pc
            if vm.trace:
                vm.trace(_T_ENTER, d, number, f, a)
        else:
            if op == _CATCH and f.pc == f.entry:
                f.handler = a
            break
    d.left = 0
    e = StatesError(*d.error)
    if vm.trace:
        vm.trace(_T_ERROR, d, number, f, (e, []))
    vm.raised(d, number, f, e)


def entering(vm, frames):
    return _fetch(vm.code, frames[vm.lowest(frames)].pc)[0] == _ENTER


def _fetch(code, pc):
    # (operation, operand, index of the next instruction)
    op, a = code[2 * pc], code[2 * pc + 1]
    if op:
        return op, a, pc + 1
    return code[2 * pc + 2], a << 8 | code[2 * pc + 3], pc + 2
