# What main.py on a board does: from tsme import boot; boot.run()
#
# Serves the link, goes on with what is under way, and stays reachable: a board whose tasks.py or
# main.py crashes three times, or whose tasks.py or classes hang so often or cannot be loaded at
# all, comes up with the link alone ("safe").
import asyncio
import sys

from .. import const
from ..engine.board import Board
from ..engine.tasks import Tasks
from ..errors import TsmeError
from .kept import Kept

_TRIES = const(3)  # failures, before the board comes up safe
_HEALTHY = const(60000)  # ms without a failure, after which earlier ones count no more
_AWAKE = const(1000)  # ms at most that a board is awake after a deep sleep, before the next


def run(path="board.json"):
    # Comes back for Ctrl-C alone.
    settings, trouble = _settings(path)
    kept = Kept()
    kept.count("watchdog" in settings)
    try:
        link, trouble = _make(settings, trouble, kept, _TRIES)
        if not link.safe:
            # Here, and by no other's hand: a Pico's stack just holds it.
            try:
                link.board.recover()
            except (TsmeError, OSError, MemoryError) as e:  # the link stays: it tells why
                link.log.write("it cannot go on: %s\n" % e)
        if not trouble:
            _begin(link)
        asyncio.run(_run(link, settings, kept, trouble))
    except KeyboardInterrupt:
        print("tsme: stopped")
    except Exception as e:
        kept.fail(_traceback(e))
        print("tsme: it crashed, %d in a row" % kept.failures)
        _restart()


def made(path="board.json"):
    # -> (the Link as run() would serve it, why it is safe or ""): nothing is begun or counted.
    # Tasks that hang are not tried: whoever is at the prompt got there out of them.
    return _make(*_settings(path), Kept(), 1)


def _settings(path):
    # -> what the installer wrote, and why it cannot be used
    try:
        settings = _read(path)
        if not isinstance(settings, dict):
            raise ValueError("no object")
        return settings, ""
    except ValueError as e:
        return {}, "%s: %s\n" % (path, e)


def _read(path):
    from json import load

    try:
        with open(path) as f:
            return load(f)
    except OSError:
        return {}  # nobody has installed it: a journal in a file then


def _traceback(e):
    from io import StringIO

    if isinstance(e, TsmeError):
        return "%s\n" % e

    out = StringIO()
    if hasattr(sys, "print_exception"):
        sys.print_exception(e, out)
    else:
        from traceback import print_exception

        print_exception(e, file=out)
    return out.getvalue()


def _restart():
    try:
        from machine import reset
    except ImportError:
        sys.exit(1)  # a process: whoever has started it does so again
    import time

    time.sleep(1)  # what was printed gets out, and Ctrl-C in
    reset()


def _own():
    # -> (what is imported at boot, in words; the classes that machines.json names)
    import os

    there = os.listdir()
    words = [n for n in ("tasks.py", "tasks.mpy", "tasks") if n in there][:1]
    named = _read("machines.json")
    if named:
        words.append("a class of machines.json")
    return words, named


def _imported(kept, words, named):
    # -> (the handlers of tasks.py, the classes by digest).  What hangs never comes out of here,
    # and Ctrl-C out of it leaves it counted.
    tasks, classes = Tasks(), None
    kept.within(kept.hung + 1)
    try:
        if len(words) > bool(named):
            from tasks import tasks
        if named:
            from .machines import found

            classes = found(named)
    except Exception:
        kept.within(0)
        raise
    kept.within(0)
    return tasks, classes


def _make(settings, trouble, kept, tries):
    from ..link import Link
    from . import places

    tasks = classes = None
    try:
        words, named = _own()
        if not trouble and kept.hung >= tries:
            words = " or ".join(words) or "what is imported"
            trouble = "%s hangs at import (%d in a row)\n" % (words, kept.hung)
        elif not trouble and kept.failures >= _TRIES:
            trouble = "%s (%d failures in a row)\n" % (kept.last.strip(), kept.failures)
        if not trouble:
            tasks, classes = _imported(kept, words, named) if words else (Tasks(), None)
    except Exception as e:
        trouble = trouble or _traceback(e)
    board = None
    try:
        flash = places.flash(settings.get("journal"))
        programs = places.programs(settings.get("programs"), flash)
        if classes:
            from .machines import Store

            programs = Store(programs, classes)
        board = Board(flash, programs, tasks)
    except Exception as e:
        trouble = trouble or _traceback(e)
    try:
        streams = places.streams(settings.get("link"))
    except Exception as e:
        trouble = trouble or _traceback(e)
        streams = ()  # the prompt's
    about = {
        "board": settings.get("board", sys.platform),
        "mode": "safe" if trouble else "run",
        "boots": kept.boots,
        "failures": max(kept.failures, kept.hung),
    }
    import os

    # Files are named as main.py and tasks.py name them.
    link = Link(board, *streams, key=settings.get("key"), files=os.getcwd(), about=about)
    link.log.write(trouble or (kept.failures and kept.last) or "")

    def ended(name, o):
        why = ": ".join([part for part in (o.error, o.cause) if part])
        link.log.write("%s: %s%s\n" % (name, o.status, why and ": " + why))

    if board:
        board.ended = ended

    def reset():
        kept.forget("\n")  # somebody asks for it: what was wrong is mended, perhaps
        _restart()

    link.reset = reset
    return link, trouble


async def _run(link, settings, kept, trouble):
    said = "tsme: safe: %s" % trouble.strip().split("\n")[-1] if trouble else "tsme: ready"
    print(said)
    link.log.write(said + "\n")
    watch = asyncio.create_task(_watch(link, settings, kept))
    try:
        await link.run()
    finally:
        watch.cancel()


def _begin(link):
    # What start.json names, if nothing of that name has ever begun: [[name, program, input], ..].
    # The program is a file, or the digest of one that is in the store.
    try:
        begin = _read("start.json")
    except ValueError as e:
        link.log.write("start.json: %s\n" % e)
        return
    board = link.board
    for name, program, value in begin:
        try:
            if name in board.names() and board.describe(name)["status"] != "new":
                continue
            if len(program) == 16 and "." not in program:
                from binascii import unhexlify

                program = unhexlify(program)
            else:
                with open(program, "rb") as f:
                    program = f.read()
            board.start(name, program, value)
        except Exception as e:
            link.log.write("%s: it cannot begin: %s\n" % (name, e))


async def _watch(link, settings, kept):
    try:
        await _watching(link, settings, kept)
    except Exception as e:
        link.log.write(_traceback(e))


async def _watching(link, settings, kept):
    # Feeds the watchdog, forgets failures in time, and lets the board sleep when nobody is there.
    from ..link import since

    dog = None
    if settings.get("watchdog"):
        from machine import WDT

        dog = WDT(timeout=settings["watchdog"])
    window = settings.get("window", 5000)
    if kept.woken:
        window = min(window, _AWAKE)
    deep = None
    if settings.get("deep") and not link.safe:
        from machine import deepsleep as deep
    while True:
        if dog:
            dog.feed()
        up = since(link.began)
        if kept.failures and up > _HEALTHY:
            kept.forget()
        if deep:
            heard = min([since(line.heard) for line in link.lines])
            sleep = deep if min(heard, up) >= window else None
            if sleep is not link.board.sleep:
                link.board.sleep = sleep
                link.board.posted.set()
        await asyncio.sleep(0.25)
