# Connections of tasks: with a limit on time and on what is read, whatever the other side does.
import asyncio


class Closed(Exception):
    # The other side has gone, or cannot be reached.
    pass


class Garbled(Exception):
    # It sends what cannot be, or more than was to come.
    pass


class Wire:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.held = b""

    async def send(self, data):
        try:
            self.writer.write(data)
            await self.writer.drain()
        except OSError as e:
            raise Closed("the connection broke: %s" % e)

    async def _more(self):
        # False at the end
        try:
            data = await self.reader.read(512)
        except OSError as e:
            raise Closed("the connection broke: %s" % e)
        self.held += data or b""
        return bool(data)

    async def exactly(self, count):
        while len(self.held) < count:
            if not await self._more():
                raise Closed("the connection ended within an answer")
        data, self.held = self.held[:count], self.held[count:]
        return data

    async def line(self, most=1024):
        while b"\n" not in self.held:
            if len(self.held) > most:
                raise Garbled("a line is longer than %d bytes" % most)
            if not await self._more():
                raise Closed("the connection ended within an answer")
        line, _, self.held = self.held.partition(b"\n")
        if len(line) > most:
            raise Garbled("a line is longer than %d bytes" % most)
        return line.rstrip(b"\r")

    async def rest(self, most):
        # until it ends
        while await self._more():
            if len(self.held) > most:
                raise Garbled("the answer has more than %d bytes" % most)
        return self.held

    async def close(self):
        try:
            self.writer.close()
            await self.writer.wait_closed()
        except OSError:
            pass


async def opened(host, port, ssl=None):
    try:
        if ssl:
            return Wire(*await asyncio.open_connection(host, port, ssl=ssl))
        return Wire(*await asyncio.open_connection(host, port))
    except OSError as e:
        raise Closed("%s:%d cannot be reached: %s" % (host, port, e))


async def within(seconds, work):
    # What a coroutine gives, or Closed when its time is up.
    try:
        return await asyncio.wait_for(work, seconds)
    except asyncio.TimeoutError:
        raise Closed("no answer within %s s" % seconds)
