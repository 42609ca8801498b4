# The tasks of the loyalty machine, and the printer that they talk to.
#
# A real printer that keeps a list of its vouchers has the same two functions; it keeps its list
# whatever becomes of the device.
import tsme


class Printer:
    def __init__(self):
        self.vouchers = {}  # number -> whether it was printed; False: it is void
        self.paper = 100

    def print_voucher(self, number, text):
        # -> whether it was printed; what was called void is not
        if number not in self.vouchers:
            if not self.paper:
                raise tsme.TaskError("NoPaper")
            self.paper -= 1
            self.vouchers[number] = True
            print("    [printer] voucher %d: %s" % (number, text))
        return self.vouchers[number]

    def settle(self, number):
        # -> whether it was printed; if it was not, it never will be
        return self.vouchers.setdefault(number, False)


printer = Printer()
tasks = tsme.Tasks()


@tasks.task("print_voucher", effect="once")
def print_voucher(what):
    text = "a %s for %s" % (what["reward"], what["card"])
    return printer.print_voucher(what["voucher"], text)


@tasks.task("settle_voucher")
def settle_voucher(what):
    return printer.settle(what["voucher"])
