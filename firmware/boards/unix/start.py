# Begins main.py, so that Ctrl-C ends it quietly also while it is read: exit code 130.
import sys

CTRL_C = 130


def quiet():
    # CPython: whoever starts this has held Ctrl-C back; from here on the first one counts, at once
    # (asyncio would let a handler that blocks go on), and no other disturbs those who clean up.
    import signal

    def interrupt(number, frame):
        signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))


try:
    if sys.implementation.name == "cpython":
        quiet()
    import main

    sys.modules.pop("main")  # a name that tasks may want
    code = main.main(sys.argv[1:])
except KeyboardInterrupt:
    code = CTRL_C
sys.exit(code)
