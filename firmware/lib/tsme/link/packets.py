# Messages of the link on a line of bytes: base64 text in short lines (docs/SPEC.md, 8.1).
#
# One buffer holds a packet: what comes, and then its answer.
import time
from binascii import a2b_base64, b2a_base64

_FIRST = b"\x06\x09"
_NEXT = b"\x04\x14"
_TEXT = 93  # bytes of a packet in a line: 124 characters of base64


def crc16(data, at, end, crc=0):
    # XMODEM's; over a message and its own CRC it is 0
    while at < end:
        x = crc >> 8 ^ data[at]
        x ^= x >> 4
        crc = (crc << 8 ^ x << 12 ^ x << 5 ^ x) & 0xFFFF
        at += 1
    return crc


try:
    from time import ticks_ms as ticks
except ImportError:

    def ticks():
        return time.monotonic_ns() // 1000000


def since(then):
    now = ticks()
    return time.ticks_diff(now, then) if hasattr(time, "ticks_diff") else now - then


def put(stream, buf, n):
    # The message of n bytes that is in buf from 2 on, with 2 bytes of room behind it.
    size = n + 2
    buf[0] = size >> 8
    buf[1] = size & 0xFF
    crc = crc16(buf, 2, size)
    buf[size] = crc >> 8
    buf[size + 1] = crc & 0xFF
    view = memoryview(buf)
    mark = _FIRST
    for at in range(0, size + 2, _TEXT):
        line = mark + b2a_base64(view[at : min(at + _TEXT, size + 2)])
        if stream.write(line) is False:  # calls: streams
            return  # nobody reads
        mark = _NEXT


class Line:
    # One stream, and who is at its other end.
    session = 0  # the number of the one that goes on
    peer = 0  # the same of the stream, as far as it was noticed

    def __init__(self, stream, limit=1024):
        self.stream = stream
        self.heard = self.empty = ticks()
        self.buf = bytearray(limit)  # 2 bytes of length, the message, 2 of CRC
        self.view = memoryview(self.buf)
        self.line = bytearray(64)  # what came and has not been looked at: a part of a line
        self.rest = memoryview(self.line)
        self.filled = 0
        self.all = True  # the stream has given all it had
        self._reset()
        self.begin()

    def begin(self):
        # A session
        self.session += 1
        self.open = False  # unlocked
        self.nonce = None
        self.error = None  # of the last refusal

    def _reset(self):
        # Nothing of a packet is here.
        self.have = -1  # bytes of it; -1: none has begun
        self.crc = 0
        self.inside = False  # of a line that is longer than the buffer

    def poll(self):
        # -> bytes of a message that is in buf from 2 on; 0: there is none yet.  However much
        # comes, others have their turn.
        n = 0
        for _ in range(32):
            end = self.line.find(b"\n", 0, self.filled)
            if end < 0 and self.filled < len(self.line):
                room = len(self.line) - self.filled
                got = self.stream.read_into(self.rest[self.filled :]) or 0
                self.all = got < room
                peer = getattr(self.stream, "session", 0)
                if peer != self.peer:  # nothing of the one before counts
                    self.peer = peer
                    self.line[:got] = self.line[self.filled : self.filled + got]
                    self.filled = 0
                    self._reset()
                    self.begin()
                self.filled += got
                if not got:
                    return 0
                continue
            n = self._take(end)
            if n:
                break
        return n

    def _take(self, end):
        # A line, or what the buffer holds of one whose end is not there yet (-1).
        stop = self.filled if end < 0 else end
        line = self.line
        first = line.rfind(_FIRST, 0, stop)
        following = line.rfind(_NEXT, 0, stop)
        at = max(first, following) + 2
        if at > 1:
            self.inside = first > following or self.have > 0
            if first > following:
                self._reset()
                self.inside = True
                self.have = 0
        else:
            at = 0
        keep = stop
        if end < 0:  # what is left goes on in what comes next
            keep = stop - (stop - at) % 4 if self.inside else stop - 1
        n = self._decode(at, keep) if self.inside else 0
        if end >= 0:
            self.inside = False
            keep += 1
        left = self.filled - keep
        line[:left] = line[keep : self.filled]
        self.filled = left
        return n

    def _decode(self, at, end):
        # Base64 of the packet: what is wrong in it ends it.
        have = self.have
        try:
            data = a2b_base64(self.rest[at:end])
        except ValueError:
            self._reset()
            return 0
        n = have + len(data)
        if n > len(self.buf):
            self._reset()
            return 0
        buf = self.buf
        buf[have:n] = data
        self.crc = crc16(buf, max(2, have), n, self.crc)
        self.have = n
        if n < 2:
            return 0
        size = buf[0] << 8 | buf[1]
        if n < size + 2 and size + 2 <= len(buf):
            return 0
        good = n == size + 2 and size >= 10 and not self.crc
        self._reset()
        return size - 2 if good else 0

    def answer(self, n):
        # The message of n bytes that is in buf from 2 on.
        put(self.stream, self.buf, n)
