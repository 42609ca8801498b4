# tasks.py of a board whose handlers tell on the UART that they begin: a ledger outside, which no
# power cut takes back.  The handlers themselves are in handlers.py.
import machine
from handlers import tasks

uart = machine.UART(0, 115200)


def begins(name, task):
    function = task.function
    wants = task.context

    def handler(payload, context):
        words = ("B", str(context.execution), str(context.action), name)
        uart.write(" ".join(words) + "\n")
        return function(payload, context) if wants else function(payload)

    task.function = handler
    task.context = True


for name in tasks.handlers:
    begins(name, tasks.handlers[name])
