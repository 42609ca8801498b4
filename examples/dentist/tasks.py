# The tasks of the dentist machine, and the payment service that they talk to.
#
# A real service is asked the same: to put a hold on an amount under a number, which it does once
# however often it is asked, and to release it, after which there never is one.
import asyncio

import tsme


class Payments:
    def __init__(self):
        self.holds = {}  # number of a request -> [patient, cents]
        self.released = {}  # by number
        self.poor = ("dee",)
        self.delay = 0  # seconds until it answers

    def hold(self, number, patient, cents):
        if number in self.released or patient in self.poor:
            raise tsme.TaskError("Declined", patient)
        self.holds[number] = [patient, cents]
        return "hold-%d" % number

    def release(self, number):
        self.released[number] = True
        self.holds.pop(number, None)


payments = Payments()
tasks = tsme.Tasks()


@tasks.task("hold")
async def hold(what):
    reference = payments.hold(what["number"], what["patient"], what["cents"])
    await asyncio.sleep(payments.delay)
    return reference


@tasks.task("release")
def release(what):
    payments.release(what["number"])
