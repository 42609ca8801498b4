# An execution begins (docs/SPEC.md, 3.1); loaded when one does, then forgotten.
from .rng import advance


def start(client, d, event):
    now, execution, digest, seed, value, context = event[1:7]
    kept = value if client.program.needs & 64 else None
    d.execution = execution
    d.steps = 1
    d.now = now
    d.next_id = d.first = 1
    d.rng = advance(seed)  # a small seed's first draw would be 0
    d.pending = {}
    d.origin = [now, kept, context, event[7], digest]
    d.bound = 64
    d.client = client.start(d, value)
