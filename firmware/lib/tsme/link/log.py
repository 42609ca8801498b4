# What was logged and printed, of late: a ring in RAM, by the number of a byte.
import sys


def _plain(text):
    # Nothing in it looks like the beginning of a line of the link.
    return text.replace("\x06", "?").replace("\x04", "?")


class Log:
    def __init__(self, size):
        self.ring = bytearray(size)
        self.next = 0  # of the byte to come, of all that there ever were

    def write(self, text):
        data = text.encode()
        size = len(self.ring)
        if len(data) > size:
            self.next += len(data) - size
            data = data[-size:]
        at = self.next % size
        head = data[: size - at]
        self.ring[at : at + len(head)] = head
        self.ring[: len(data) - len(head)] = data[len(head) :]
        self.next += len(data)

    def read(self, start, most):
        # -> (first byte, text): whole characters alone
        size = len(self.ring)
        start = min(max(start, self.next - size, 0), self.next)
        at = start % size
        data = bytes(self.ring[at : at + min(most, self.next - start)])
        data += bytes(self.ring[: min(most, self.next - start) - len(data)])
        a = 0
        while a < len(data) and a < 3 and data[a] & 0xC0 == 0x80:
            a += 1
        z = len(data)
        for i in range(1, min(4, z) + 1):
            if data[z - i] & 0xC0 != 0x80:
                c = data[z - i]
                if i < (1 if c < 0x80 else 2 if c < 0xE0 else 3 if c < 0xF0 else 4):
                    z -= i
                break
        return start + a, str(data[a:z], "utf-8")

    # --- where it comes from ---

    def listen(self, tasks):
        # To the log of tasks and engine: a handler that is there is called as before.
        before = tasks.emitted.get("log")

        def log(payload):
            # recursion: at most 1, a payload logs nothing
            self.write(self.line(payload))
            if before:
                before(payload)  # calls: what the user wrote

        tasks.emitted["log"] = log

    def line(self, payload):
        if not isinstance(payload, str):
            from ..values.json import dumps

            payload = dumps(payload)
        return payload + "\n"

    def take_prints(self):
        # What is printed, too.  Not every firmware lets a builtin be replaced.
        import builtins

        usual = builtins.print

        def say(*args, sep=" ", end="\n", file=None, **more):
            if file:
                usual(*args, sep=sep, end=end, file=file, **more)
                return
            text = (" " if sep is None else sep).join([str(a) for a in args])
            text += "\n" if end is None else end
            self.write(text)
            sys.stdout.write(_plain(text))
            if more.get("flush"):
                sys.stdout.flush()

        try:
            builtins.print = say
        except AttributeError:
            return None
        return usual
