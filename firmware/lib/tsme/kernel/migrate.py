# An execution goes on with another program, or another version of its machine (docs/SPEC.md, 3.7).
from ..errors import fault
from ..journal.records import crc32
from ..values.cbor import encode_all


def migrate(kernel, d, fields):
    # The caller puts the old client back if this comes to nothing.
    old = kernel.client
    digest, plan = fields
    kernel.use(digest)
    new = kernel.client
    if new.signals != old.signals:
        raise fault("TSME-K008", "a workflow and a machine have nothing in common")
    start, kept, context, behaviour, _ = d.origin
    if new.program.needs & 64:
        if not old.program.needs & 64:
            raise fault("TSME-K008", "it reads $$.Execution.Input, which was not kept")
    else:
        kept = None
    buf = bytearray()
    encode_all(buf, fields, True)
    d.digest = crc32(buf, d.digest)  # what no delta shows
    d.origin = [start, kept, context, behaviour, digest]
    try:
        d.client = new.migrate(d, old, plan)
    except (TypeError, ValueError, IndexError, KeyError):
        raise fault("TSME-K008", "the plan is none")
