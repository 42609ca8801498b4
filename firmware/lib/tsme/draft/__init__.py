# Drafts: what the clients of the kernel hand to users' functions, who may change it.
from ..errors import TsmeError
from ..values import UNICODE

if UNICODE:
    from . import native  # first: drafts of its own  # noqa: F401
from .drafts import KINDS

_CAUSE = 200  # characters


def _array(v, parent):
    from .array_draft import ArrayDraft

    KINDS[list] = ArrayDraft
    return ArrayDraft(v, parent)


KINDS[list] = _array  # loaded for the first array


def shown(e):
    # as the cause of an error, which is kept: not too long, and Unicode
    from ..values.copies import worded

    text = str(e)
    if not isinstance(e, TsmeError):
        text = type(e).__name__ + (": " + text if text else "")
    return worded(text[:_CAUSE])
