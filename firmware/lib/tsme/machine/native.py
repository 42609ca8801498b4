# Drafts and steps of CPython in C: native_modules/machines, where setup could build it.  The same
# values, records and errors, sooner.  No board has this file, and nothing needs the core.
from .. import once
from ..errors import LimitError, fault, over
from ..kernel import Action, Kernel, State, Step, StepBuilder
from ..kernel.limits import LIMITS
from ..kernel.rejected import Rejected
from ..values.cbor import encode_all, measure
from . import drafts

_API = 1  # as native_modules/machines/module.c has it

try:
    import tsme_machines as core

    if getattr(core, "API", 0) != _API:
        core = None  # of another version
except ImportError:
    core = None

# What the core does instead of, by name.
slow = {name: getattr(drafts, name) for name in ("Draft", "ObjectDraft", "frozen", "own", "leaf")}
_OF_OBJECT = "__iter__ __repr__ keys values items copy pop setdefault update clear"


_OF_ACTIONS = "_step task timer cancel log metric publish random end fail"
_OF_STATE = "tasks due state_of"
_OF_BUILDER = "_due _alter beat begun draw below succeed fail _end"


def _below(kind, old, names):
    # a class of the core's, with what is rare of the one in Python
    members = {n: vars(old)[n] for n in names.split()}
    return type(old.__name__, (kind,), {"__module__": old.__module__} | members)


def _bound(kernel, d):
    once("kernel.checkpoints", "bound", kernel, d)


class MachineKernel(Kernel):
    # The kernel of a machine that nobody watches.
    def step(self, state, event):
        # recursion: at most 1, the same of the class above
        client = self.client
        self.work = 0
        step = core.step(client.stf, self, self.room, state, event)
        if step is NotImplemented:
            return Kernel.step(self, state, event)
        return step


def _ordered(v):
    return once("values.copies", "ordered", v)


def install():
    object_draft = _below(core.ObjectDraft, slow["ObjectDraft"], _OF_OBJECT)
    members = {n: vars(State)[n] for n in _OF_STATE.split()}
    members |= {n: vars(StepBuilder)[n] for n in _OF_BUILDER.split()}
    members |= {"__slots__": (), "__module__": State.__module__}
    state = type("StepBuilder", (core.State,), members)
    core.Draft.__eq__ = slow["Draft"].__eq__
    core.Draft.__hash__ = None
    drafts.Draft = core.Draft
    drafts.ObjectDraft = object_draft
    drafts.KINDS[dict] = object_draft
    drafts._BOXES = (dict, list, tuple, core.Draft, object_draft)
    drafts.own = core.own
    drafts.frozen = core.frozen
    core.bind(
        fault=fault,
        over=over,
        leaf=slow["leaf"],
        frozen=slow["frozen"],
        encode_all=encode_all,
        measure=measure,
        ordered=_ordered,
        Ordered=drafts.Ordered,
        ObjectDraft=object_draft,
        kinds=drafts.KINDS,
        Action=Action,
        Step=Step,
        State=state,
        bound=_bound,
        limits=LIMITS,
        LimitError=LimitError,
    )


def given(old_input, old_actions, shown):
    # what stf() is given, once the package has said what that is in Python; shown: how an
    # exception is
    def reject(e):
        raise Rejected(shown(e), e)

    if core:
        core.bind(
            reject=reject,
            Input=_below(core.Input, old_input, ""),
            Actions=_below(core.Actions, old_actions, _OF_ACTIONS),
        )


if core:
    install()
