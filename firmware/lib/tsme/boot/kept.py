# What a board knows of its boots and failures: the file boot.txt, "boots failures hung" and behind
# that what the last failure was.  A wake from deep sleep writes nothing; a failure is an exception
# that nobody caught, a reset by the watchdog, or a boot that never got through what the
# user has imported: hung is how many of the last boots did not.

_FILE = "boot.txt"
_LONG = 400  # characters of a traceback that are kept: the log has room for them


def _causes():
    # -> woke from deep sleep?, reset by the watchdog?
    try:
        import machine

        cause = machine.reset_cause()
    except (ImportError, AttributeError):
        return False, False
    return (
        cause == getattr(machine, "DEEPSLEEP_RESET", None),
        cause == getattr(machine, "WDT_RESET", None),
    )


class Kept:
    def __init__(self):
        self.boots = 0
        self.failures = 0
        self.hung = 0
        self.last = ""
        try:
            with open(_FILE) as f:
                numbers = [int(n) for n in f.readline().split()] + [0]
                self.last = f.read(_LONG)
            self.boots, self.failures, self.hung = numbers[:3]
        except (OSError, ValueError):  # the first boot, or a file that was torn
            pass
        # On a Pico every reset by software is one of the watchdog: ours are marked before.
        self.asked = self.last.startswith("\n")
        self.last = self.last.lstrip("\n")
        self.woken, self.bitten = _causes()

    def count(self, watched):
        # A boot.  watched: main.py has a watchdog
        if self.woken:
            return
        self.boots += 1
        if watched and self.bitten and not self.asked:
            self.failures += 1
            self.last = "the watchdog has reset the board\n"
        self.keep()

    def keep(self, mark=""):
        try:
            with open(_FILE, "w") as f:
                numbers = "%d %d %d" % (self.boots, self.failures, self.hung)
                f.write("%s\n%s%s" % (numbers, mark, self.last[-_LONG:]))
        except OSError:  # files that only a computer may write: then nothing is counted
            pass

    def fail(self, why):
        self.failures += 1
        self.last = why
        self.keep("\n")

    def within(self, hung):
        # Of tasks.py and classes: a boot that ends before 0 comes did not get through.
        if not self.woken:
            self.hung = hung
            self.keep()

    def forget(self, mark=""):
        self.failures = 0
        self.hung = 0
        self.last = ""
        self.keep(mark)
