# The tasks file of a run: read, and its handlers wrapped, so that what one of them does wrong is
# said with its name and its place.  `loaded(path, say, traceback)` gives its Tasks.
import io
import sys

from tsme import TaskError, Tasks, TsmeError
from tsme.engine.tasks import settled

CPYTHON = sys.implementation.name == "cpython"
_run = {}  # globals by file
DEEPEST = 64  # far more than a value may be nested
BOARDS_ONLY = ("esp", "pyb", "stm", "bluetooth", "espnow", "ulab", "board", "digitalio", "mip")


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    # a byte order mark, which MicroPython does not skip
    return data[3:] if data[:3] == b"\xef\xbb\xbf" else data


def rows(e):
    # the lines of a traceback
    if CPYTHON:
        import traceback

        text = "".join(traceback.format_exception(e))
    else:
        out = io.StringIO()
        sys.print_exception(e, out)
        text = out.getvalue()
    return text.rstrip().split("\n")


def line(e, path):
    # "tasks.py:12" as far as that can be told; without a path, the last place
    at = ""
    for row in rows(e):
        row = row.strip()
        if row.startswith('File "%s", line ' % path):
            at = ":" + row.split(", ")[1][5:]
        elif path is None and row.startswith('File "'):
            at = row[6:].replace('", line ', ":").split(",")[0]
    return (path or "") + at


def where(e, path):
    # "tasks.py:12: KeyError: 'day'"
    # MicroPython has no e.msg; CPython's str() of a SyntaxError repeats the place
    message = getattr(e, "msg", None) or str(e)
    return "%s: %s: %s" % (line(e, path), type(e).__name__, message)


def elsewhere(text):
    # what to say to the import of a module that only a board has
    for name in BOARDS_ONLY:
        if "'%s'" % name in text:
            return '; only a board has that: docs/BOARDS.md, "One file for laptop and board"'
    if not CPYTHON and "no module named" in text:
        return "; MicroPython has fewer modules than CPython"
    return ""


def space(path, name):
    # The globals of the file: of a real module where there are such, for dataclasses and pickle.
    if not CPYTHON:
        return {"__name__": name, "__file__": path}
    module = type(sys)(name)
    module.__file__ = path
    sys.modules[name] = module
    return module.__dict__


def globals_of(path, name):
    # The globals of a file that has been run, once; `name` of its module.
    if path in _run:
        return _run[path]
    sys.path.insert(0, path.rpartition("/")[0] or ".")
    names = space(path, name)
    try:
        exec(compile(read(path), path, "exec"), names)
    except TsmeError as e:
        raise TsmeError(e.code, "%s: %s" % (line(e, path), e.message))
    except (Exception, SystemExit) as e:
        text = where(e, path)
        raise TsmeError("TSME-H021", text + elsewhere(text))
    _run[path] = names
    return names


def loaded(path, say, traceback=False):
    tasks = globals_of(path, "tasks").get("tasks")
    if not isinstance(tasks, Tasks):
        text = "%s has no handlers; it needs a global `tasks = tsme.Tasks()`" % path
        raise TsmeError("TSME-H022", text)
    teller = Teller(path, say, traceback)
    for name in tasks.handlers:
        t = tasks.handlers[name]
        t.function = teller.told(name, t.function)
        if t.check:
            t.check = teller.told(name, t.check)
    return tasks


class Left(SystemExit):
    # A handler has called sys.exit: it ends the run, and says who did.
    def __init__(self, message):
        super().__init__(message)
        self.message = message


class Teller:
    # What handlers do wrong, on stderr; the same is not said again at every Retry.
    def __init__(self, path, say, traceback):
        self.path = path
        self.say = say
        self.traceback = traceback
        self.known = set()

    def told(self, name, function):
        def handler(*args):
            try:
                r = function(*args)  # calls: a user's handler
            except TaskError:
                raise
            except SystemExit as e:
                raise self.left(name, e)
            except Exception as e:
                self.tell(name, e)
                raise
            if hasattr(r, "send") or hasattr(r, "__next__") or hasattr(r, "__anext__"):
                return self.later(name, r)
            return fit(name, r)

        return handler

    async def later(self, name, r):
        try:
            return fit(name, await settled(r, name))
        except TaskError:
            raise
        except SystemExit as e:
            raise self.left(name, e)
        except Exception as e:
            self.tell(name, e)
            raise

    def tell(self, name, e):
        text = 'tsme: handler "%s" raised at %s' % (name, where(e, self.path))
        if text in self.known:
            return
        self.known.add(text)
        if self.traceback:
            found = rows(e)
            first = 'File "%s", line ' % self.path  # what comes before is not the handler's
            starts = [n for n in range(len(found)) if found[n].strip().startswith(first)]
            self.say("\n".join(found[:1] + found[starts[0] if starts else 1 :]))
        self.say(text)

    def left(self, name, e):
        if isinstance(e, Left):
            return e
        if hasattr(e, "how"):  # machine.reset() and its like
            text = (
                'handler "%s" reset the board (%s) at %s, which ends the run; run it again, and '
            )
            return Left((text + "it goes on") % (name, e.how, line(e, self.path)))
        code = e.args[0] if e.args else ""
        text = 'handler "%s" called sys.exit(%s) at %s, which ends the run; write return, or '
        text += 'raise tsme.TaskError("Name", "cause") to let the task fail'
        return Left(text % (name, code, line(e, self.path)))


def fit(name, v, above=()):
    # recursion: at most 66, which it counts
    # The value as it is, if it is a tree of values that could be JSON; tasks.py has words for
    # others, but for those that need some advice.
    if hasattr(v, "tolist"):
        kind = type(v)
        what = "%s.%s" % (getattr(kind, "__module__", ""), kind.__name__)
        text = 'handler "%s" returned a %s, which is no JSON value (TSME-V001); write .tolist() '
        raise TaskError("TsmeError", (text + "behind it") % (name, what.strip(".")))
    if not isinstance(v, (dict, list, tuple)):
        return v
    for other in above:
        if other is v:
            text = 'handler "%s" returned a %s that contains itself, which is no JSON value'
            raise TaskError("TsmeError", text % (name, type(v).__name__))
    if len(above) > DEEPEST:
        text = 'handler "%s" returned a value that is nested more than %d deep'
        raise TaskError("TsmeError", text % (name, DEEPEST))
    above = above + (v,)
    for x in v.values() if isinstance(v, dict) else v:
        fit(name, x, above)
    return v
