# Drafts and steps of CPython in C: native_modules/machines, where setup could build it.  The same
# values, records and errors, sooner.  No board has this file, and nothing needs the core.
from .. import once
from ..errors import LimitError, fault, over
from ..kernel import Action, Kernel, State, Step, StepBuilder
from ..kernel.limits import LIMITS
from ..kernel.rejected import Rejected
from ..values.cbor import encode_all, measure
from . import drafts

_API = 3  # as native_modules/machines/module.c has it

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


def _whole(kind, old, names):
    # a type of the core's, with what is rare of the one in Python
    core.named(kind, old.__name__)
    kind.__module__ = old.__module__
    for name in names.split():
        setattr(kind, name, vars(old)[name])
    return kind


def _bound(kernel, d):
    once("kernel.checkpoints", "bound", kernel, d)


class MachineKernel(Kernel):
    # The kernel of a machine that nobody watches.
    def step(self, state, event):
        # recursion: at most 1, the same of the class above
        stf = getattr(self.client, "stf", None)  # there may be a program after a machine
        self.work = 0
        step = core.step(stf, self, self.room, state, event) if stf else NotImplemented
        if step is NotImplemented:
            step = Kernel.step(self, state, event)
            if step and stf:
                step = Step(core.state(step.state), step.actions, step.record)
        return step

    def restore(self, item, size=0):
        # recursion: at most 1, the same of the class above
        return core.state(Kernel.restore(self, item, size))


def _ordered(v):
    return once("values.copies", "ordered", v)


def install():
    core.Draft.__eq__ = slow["Draft"].__eq__
    core.Draft.__hash__ = None
    object_draft = _whole(core.ObjectDraft, slow["ObjectDraft"], _OF_OBJECT)
    state = _whole(core.State, State, _OF_STATE)
    _whole(state, StepBuilder, _OF_BUILDER)
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
            Input=_whole(core.Input, old_input, ""),
            Actions=_whole(core.Actions, old_actions, _OF_ACTIONS),
        )


if core:
    install()
