# Numbers of SPEC 3, by name, for tools and tests.  The device's own code has them as constants,
# which take no memory; a test compares.

CONTINUE, START, SUCCEEDED, FAILED, HEARTBEAT, TIMER, STOP, STARTED, SIGNAL, SLEEP, MIGRATE = (
    range(11)
)
RUNNING, DONE, FAULT, STOPPED = range(4)  # status
TASK, WAKE = range(2)  # kinds of tracked actions
INPUTS = (
    "continue start succeeded failed heartbeat timer stop started signal sleep migrate".split()
)
STATUS = "running succeeded failed stopped".split()
EMITS = "log metric publish".split()
# Kinds of trace events (docs/SPEC.md, 3.6)
TRACED = (
    "enter assign task resume end error raise fail fork map spawn branch tolerated exceeded "
    "passed abort"
).split()
