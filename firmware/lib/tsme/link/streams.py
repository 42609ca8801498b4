# Lines of bytes under a link.  Each has read_into(buf), which puts what is there at the beginning
# of buf and never waits, and write(buf), which takes all of it or says False.
import sys
import time

from .. import const

_PATIENCE = const(1000)  # ms that a peer may take to read what is written


def _now():
    return time.ticks_ms() if hasattr(time, "ticks_ms") else time.monotonic_ns() // 1000000


def _all(write, buf):
    # Writes all of it, or what the peer takes in a second.  -> was it all?
    view = memoryview(buf)
    began = _now()
    while view:
        n = write(view)  # calls: socket
        if n is None:
            n = 0
        view = view[n:]
        if not n and _now() - began > _PATIENCE:
            return False
        if not n:
            time.sleep(0.001)
    return True


class Stdio:
    # What the program prints goes the same way.
    console = True

    def __init__(self):
        from select import POLLIN, poll

        self.source = getattr(sys.stdin, "buffer", sys.stdin)
        self.source = getattr(
            self.source, "raw", self.source
        )  # CPython's buffer hides what is there
        self.drain = getattr(sys.stdout, "buffer", sys.stdout)
        self.one = bytearray(1)
        self.poller = poll()
        self.poller.register(sys.stdin, POLLIN)
        self.ended = False

    def read_into(self, buf):
        n = 0
        poll = self.poller.poll
        while n < len(buf) and not self.ended and poll(0):  # calls: select
            if not self.source.readinto(self.one):
                self.ended = True  # nobody is at the other end any more
                break
            buf[n] = self.one[0]
            n += 1
        return n

    def write(self, buf):
        self.drain.write(buf)
        if hasattr(self.drain, "flush"):
            self.drain.flush()


class Uart:
    # A machine.UART, or what CircuitPython has in its place: busio.UART, usb_cdc.data.
    def __init__(self, uart):
        self.uart = uart

    def read_into(self, buf):
        uart = self.uart
        n = uart.any() if hasattr(uart, "any") else uart.in_waiting
        if not n:
            return 0
        return uart.readinto(buf if n >= len(buf) else buf[:n])

    def write(self, buf):
        return _all(self.uart.write, buf)


class Peer:
    # A client of a Tcp, one after another.
    def __init__(self, first):
        self.first = first
        self.session = 0
        self.peer = None
        self.heard = 0  # the turn of the last that came, among all

    def close(self):
        if self.peer:
            self.peer.close()  # calls: socket
            self.peer = None
            self.session += 1  # who followed on it is gone

    def next(self):
        # Is it this one whom the next client gets?
        return self is min(self.first.all, key=lambda one: (one.peer is not None, one.heard))

    def hear(self):
        self.first.turn += 1
        self.heard = self.first.turn

    def accept(self):
        try:
            peer = self.first.server.accept()[0]  # calls: socket
            self.close()
            peer.setblocking(False)
            try:
                peer.setsockopt(6, 1, 1)  # TCP_NODELAY
            except (AttributeError, OSError):
                pass
            self.peer = peer
            self.session += 1
            self.hear()
        except OSError:
            pass

    def read_into(self, buf):
        if self.next():
            self.accept()
        if not self.peer:
            return 0
        try:
            data = self.peer.recv(len(buf))
        except OSError as e:
            if e.args[0] not in (11, 35, 110):  # EAGAIN, ETIMEDOUT
                self.close()
            return 0
        if not data:
            self.close()
        self.hear()
        n = len(data)
        buf[:n] = data
        return n

    def _some(self, buf):
        try:
            return self.peer.send(buf)  # calls: socket
        except OSError as e:
            if e.args[0] in (11, 35, 110):
                return 0
            raise

    def write(self, buf):
        try:
            if self.peer:
                return _all(self._some, buf)
        except OSError:
            self.close()
        return False


class Tcp(Peer):
    # So many clients at a time, each with a line of its own.  One more takes the place of who has
    # been silent for longest, for a cable that was pulled says nothing.
    def __init__(self, port, host="0.0.0.0", clients=1):
        import socket

        super().__init__(self)
        self.server = s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(socket.getaddrinfo(host, port)[0][-1])
        s.listen(1)
        s.setblocking(False)
        self.turn = 0
        self.all = [self] + [Peer(self) for _ in range(clients - 1)]
