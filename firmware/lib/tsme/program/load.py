# Reads a program's container (docs/SPEC.md, 2).  Without the checksum of what was installed all of
# it is verified, which a boot does without.  Used once, when a program is loaded, then forgotten.

try:
    from binascii import crc32
except ImportError:
    from ..values.crc import crc32

from .. import const
from ..errors import TsmeError
from ..kernel.limits import LIMITS, check, check_program
from ..values import cbor

# Tests compare them with opcodes.py.
_CONST = const(1)
_CALL = const(15)
_TASK = const(25)
_NEEDS = const(255)  # the capabilities of this version
VERSION = 2


def _bad(text, code=2):
    from .opcodes import bad

    raise bad(text, None, code)


def load(p, data, crc, limits):
    # fills the Program `p`
    limits = limits or LIMITS
    check(limits, "program_bytes", len(data))
    if crc is not None and crc32(data) != crc:
        _bad("the program is damaged: its checksum does not fit", 5)
    try:
        item, p.size = cbor.decode(data, 0, True)  # behind it begins the debug part, if any
    except TsmeError as e:
        _bad("not a TSME program: " + e.message, 1)
    if not isinstance(item, list) or len(item) != 7 or item[0] != VERSION:
        if isinstance(item, list) and item and isinstance(item[0], int):
            _bad("program format %d; this device reads %d" % (item[0], VERSION), 3)
        _bad("not a TSME program", 1)
    _, p.digest, p.needs, ll, p.code, index, consts = item
    for v in (p.digest, p.code, index, consts):
        if not isinstance(v, bytes):
            _bad("a part is no byte string")
    if len(p.digest) != 8 or type(p.needs) is not int or p.needs < 0:
        _bad("digest or needs")
    if p.needs & ~_NEEDS:
        from .opcodes import lacking

        _bad(lacking(p.needs & ~_NEEDS), 4)
    if not isinstance(ll, list) or len(ll) != 8:
        _bad("limits")
    for v in ll:
        if type(v) is not int or not 0 <= v < 100000000:
            _bad("limits")
    p.slots, p.stack, p.counters, p.budget, p.timeout, p.largest, p.step_bytes, p.items = ll
    p.budget = p.budget or 256
    p.largest = p.largest or 262144
    p.step_bytes = p.step_bytes or 24576
    p.items = p.items or 1000
    check_program(limits, 0, ll)
    if p.needs & 128:
        from .instructions import OPERATIONS

        while len(OPERATIONS) < 103:
            OPERATIONS.append(0)
    starts = []
    p.consts = _constants(consts, starts)
    # the functions that the code names: they are imported before the first step
    p.calls = []
    code = p.code
    high = 0
    for i in range(0, len(code) - 1, 2):
        a = high | code[i + 1]
        high = 0
        if not code[i]:
            high = a << 8
        elif code[i] == _CALL and a not in p.calls:
            p.calls.append(a)
    if crc is None:
        from .verify import verify

        verify(p, data, index, starts, consts, limits)
    try:
        import tsme_core  # noqa: F401
    except ImportError:
        return
    p.data = data  # for the core, which keeps nothing else of it


def _constants(consts, starts):
    out, parts, at = [], [], 0
    while at < len(consts):
        starts.append(at)
        first = consts[at]
        if first == 0xC6 or first == 0xC7:  # an array, or a text, in parts
            parts.append(len(out))
            at += 1
            if at == len(consts) or consts[at] >> 5 != 2:
                _bad("constant %d" % len(out))
        value, at = cbor.decode(consts, at, consts[at] >> 5 == 2)
        out.append(value)
    whole = [_joined(out, parts, n, consts[starts[n]] == 0xC7) for n in parts]
    for n in parts:
        out[n] = whole.pop(0)
    return out


def _joined(consts, parts, number, text):
    from .words import named  # few programs need it

    out = []
    for n in consts[number]:
        part = None if n in parts else named(n, consts)
        if not isinstance(part, str) and (text or type(part) is not int):
            _bad("constant %d" % number)
        out.append(part)
    return "".join(out) if text else out


def resources(p):
    out = []
    high = 0
    name = None
    for i in range(0, len(p.code), 2):
        op = p.code[i]
        a = high | p.code[i + 1]
        high = 0 if op else a << 8
        if op == _CONST:
            name = p.consts[a]  # the CONST right before a TASK
        elif op == _TASK and name not in out:
            out.append(name)
    return out
