# Task handlers: what a workflow's tasks do, by the name of their resource.

import sys

from .. import once
from ..errors import LimitError, TsmeError, fault
from ..values import DEPTH
from ..values.cbor import Obj
from ..values.copies import handed, ordered

EFFECTS = ("pure", "idempotent", "once")
YIELDS = 'handler "%s": it yields; a handler gives its result once: '
YIELDS += "write return, or async def and await"
LOST = "States.DataLimitExceeded"  # of a result that cannot be kept
INTERRUPTED = "the device was reset while the task ran; it may have happened or not"
_SERVICES = ":states:::"
INVOKE = ":states:::lambda:invoke"


class TaskError(Exception):
    # Raised by a handler: the task fails with this error name and cause.
    def __init__(self, error, cause=""):
        super().__init__(error, cause)
        self.error = error
        self.cause = cause


class Done:
    # What a `check` says of a task that had happened: this was its result.
    def __init__(self, result=None):
        self.result = result


class Task:
    def __init__(self, function, effect, context, check):
        self.function = function
        self.effect = effect
        self.context = context
        self.check = check


class Context:
    # What a handler may ask about the action it runs.
    def __init__(self, engine, action, attempt):
        self.execution = engine.state.execution
        self.action = action.id
        self.attempt = attempt
        self._begun = engine.time()
        self._engine = engine

    def heartbeat(self):
        self._engine.heartbeat(self.action, self.execution)


def function_name(resource):
    # `arn:aws:lambda:r:123:function:NAME[:qualifier]` -> NAME; else None
    parts = resource.split(":")
    if "function" in parts:
        at = parts.index("function") + 1
        if at < len(parts):
            return parts[at]
    return None


def is_callback(resource):
    # its result comes by token, not from its handler
    return resource.partition(" ")[0].endswith(".waitForTaskToken")


def is_activity(resource):
    return resource.startswith("arn:") and ":states:" in resource and ":activity:" in resource


def names(resource):
    # the names a handler of this resource may have, the whole text first
    out = [resource]
    base, _, function = resource.partition(" ")
    at = base.find(_SERVICES)
    if at > 0 and not base.startswith("arn:aws:"):  # another partition, or a placeholder for it
        out.append("arn:aws" + base[at:])
    if function:
        out += [base, function]
        resource = function
    name = function_name(resource)
    if name:
        out.append(name)
    return out


async def settled(r, name):
    # What a plain or async handler gives.  On MicroPython an async function is a generator.
    if hasattr(r, "__await__"):
        return await r
    if hasattr(r, "send") and sys.implementation.name != "cpython":
        return await driven(r, name)
    if hasattr(r, "__next__") or hasattr(r, "__anext__"):
        raise TaskError("TypeError", YIELDS % name)
    return r


def driven(r, name):
    # Who yields to the event loop gives it nothing, and has told it when to go on: then `data` of
    # its task is another.  What else yields would be forgotten by the loop.
    import asyncio  # here, since laptops read this module for what it says of tasks

    task = asyncio.current_task()
    step = r.send
    given = None
    while True:
        task.data = DEPTH
        try:
            v = step(given)  # calls: what the user wrote
        except StopIteration as e:
            v = e
        finally:
            lost = task.data == DEPTH
            if lost:
                task.data = None
        if isinstance(v, StopIteration):
            return v.value
        if lost or v is not None:
            r.close()
            raise TaskError("TypeError", YIELDS % name)
        step = r.send
        given = None
        try:
            yield
        except GeneratorExit:
            r.close()
            raise
        except BaseException as e:  # it is cancelled
            step = r.throw
            given = e


async def perform(t, resource, payload, context, asking):
    # The result of a task; raises what its handler does.  `asking`: ids of those that may have
    # happened before a reset, whose check has not yet answered.
    invoke = resource.startswith("arn:") and INVOKE in resource
    name = names(resource)[-1]

    def call(function):
        value = handed(payload)
        if invoke and isinstance(value, dict):
            value = value.get("Payload", {})
        try:
            return function(value, context) if t.context else function(value)
        except StopIteration as e:  # which MicroPython would take for a return
            raise TaskError("StopIteration", str(e))

    r = None
    if context.action in asking:
        r = await settled(call(t.check), name) if t.check else None
        if r is False:
            asking.remove(context.action)
        elif not isinstance(r, Done):
            raise TaskError("TSME.Interrupted", INTERRUPTED)
    r = r.result if isinstance(r, Done) else await settled(call(t.function), name)
    if is_callback(resource):
        return None
    # It has happened, whatever becomes of its result: no wildcard of a Retry may run it again.
    error = LOST
    try:
        try:
            r = ordered(r)
            if invoke:
                r = Obj((("ExecutedVersion", "$LATEST"), ("Payload", r), ("StatusCode", 200)))
            return r
        except (TsmeError, TypeError) as e:  # the latter from sorting keys of several types
            cause = once("errors.texts", "unfit", name, e, r)
            if t.effect != "once" and not isinstance(e, LimitError):
                error = type(e).__name__
    except MemoryError:
        cause = "no memory for what the handler returned"
    raise TaskError(error, cause)


class Tasks:
    def __init__(self):
        self.handlers = {}
        self.emitted = {}

    def task(self, name, effect="idempotent", context=False, check=None):
        # A decorator.  context=True: the handler takes (payload, context).  check: for a `once`
        # task, called like the handler after a reset in the middle of it; gives Done(result),
        # False if it had not happened, or None if nobody can tell (then TSME.Interrupted).
        if not isinstance(name, str):  # @tasks.task without its brackets
            raise fault("TSME-T005", name.__name__)
        if effect not in EFFECTS:
            raise fault("TSME-T001", effect, name)

        def register(function):
            if name in self.handlers:
                two = (self.handlers[name].function, function)
                raise fault("TSME-T004", name, *[getattr(f, "__name__", "?") for f in two])
            self.handlers[name] = Task(function, effect, context, check)
            return function

        return register

    def on(self, kind):
        # A decorator for untracked actions: "log", "metric" or "publish".
        def register(function):
            self.emitted[kind] = function
            return function

        return register

    def emit(self, kind, payload):
        # Fire and forget: whatever becomes of it, the execution goes on.
        handler = self.emitted.get(kind)
        if handler:
            try:
                handler(handed(payload))  # calls: log what the user wrote
            except Exception as e:
                if hasattr(sys, "print_exception"):
                    sys.print_exception(e)
                elif hasattr(sys, "excepthook"):
                    sys.excepthook(type(e), e, e.__traceback__)
                else:  # CircuitPython
                    from traceback import print_exception

                    print_exception(e)

    def update(self, other):
        self.handlers.update(other.handlers)
        self.emitted.update(other.emitted)

    def find(self, resource):
        for name in names(resource):
            task = self.handlers.get(name)
            if task:
                return task
        return None

    def require(self, resources):
        # Before an execution starts: every task it may start has a handler.
        missing = [r for r in resources if not self.find(r) and not is_activity(r)]
        if missing:
            text = "no handler for %s; write @engine.task(%r) above a function" % (
                ", ".join([names(r)[-1] for r in missing]),
                names(missing[0])[-1],
            )
            raise TsmeError("TSME-T002", text)
