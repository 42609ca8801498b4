# What a link does when it begins to run; loaded for that, then forgotten.
import builtins
import sys

from ..errors import TsmeError


def begin(link):
    # -> what print() was, if the link has taken its place
    usual = None
    if link.board:
        listen(link.log, link.board.tasks)
    for line in link.lines:
        if hasattr(line.stream, "console"):
            usual = take_prints(link.log)
    if not link.safe:
        recover(link)
    return usual


def recover(link):
    try:
        link.board.recover()
    except (TsmeError, OSError, MemoryError) as e:  # the link stays: it tells why
        link.log.write("it cannot go on: %s\n" % e)


def end(usual):
    builtins.print = usual


def listen(log, tasks):
    # To the log of tasks and engine: a handler that is there is called as before.
    before = tasks.emitted.get("log")

    def keep(payload):
        # recursion: at most 1, a payload logs nothing
        text = payload
        if not isinstance(text, str):
            from ..values.json import dumps

            text = dumps(payload)
        log.write(text + "\n")
        if before:
            before(payload)  # calls: what the user wrote

    tasks.emitted["log"] = keep


def take_prints(log):
    # Not every firmware lets a builtin be replaced.
    usual = builtins.print

    def say(*args, sep=" ", end="\n", file=None, **more):
        if file:
            usual(*args, sep=sep, end=end, file=file, **more)
            return
        text = (" " if sep is None else sep).join([str(a) for a in args])
        text += "\n" if end is None else end
        log.write(text)
        # Nothing in it looks like the beginning of a line of the link.
        sys.stdout.write(text.replace("\x06", "?").replace("\x04", "?"))
        if more.get("flush"):
            sys.stdout.flush()

    try:
        builtins.print = say
    except AttributeError:
        return None
    return usual
