# A machine that has a new version (docs/MACHINES.md); loaded when its journal is of another one.
from .. import once
from ..errors import fault
from ..values.cbor import encode_into

_MOST = 64  # versions back


def earlier(m, digest):
    # -> what had this digest: a machine named as `before`, or else this one, which then has to do
    # with the inputs since the newest checkpoint what that one did.  None: no version of it.
    before = getattr(m.machine, "before", None)
    while before:
        old = type(m)(before)
        if old.program.digest == digest:
            return old
        before = getattr(before, "before", None)
    newest = m.program.version
    if type(newest) is int and hasattr(m.machine, "migrate"):
        for version in range(newest - 1, max(newest - _MOST, -1), -1):
            text = "%s %d" % (m.program.name, version)
            if once("values.hashes", "digest", "sha256", text.encode())[:8] == digest:
                old = type(m)(m.machine)
                old.program.version = version
                old.program.digest = digest
                return old
    return None


def migrate(m, d, old):
    # -> the state as the machine `m` has it
    function = getattr(m.machine, "migrate", None)
    if not function or old.program.name != m.program.name:
        raise fault("TSME-K008", "%s has no migrate(state, version)" % m.program.name)

    def change(state, version, actions):
        function(state, version)

    part = m.call(d, change, d.client, old.program.version)
    d.frames = bytearray()
    encode_into(d.frames, part)  # all of it
    return part
