# Messages over MQTT 3.1.1: "mqtt:publish", "mqtt:publish_once", "mqtt:receive" (docs/TASKS.md).
import asyncio
from binascii import hexlify

from . import add
from .gpio import elapsed, ticks
from .wire import Closed, Garbled, opened, within

_MOST = 16384  # bytes of a message
_REFUSED = (
    "it does not know MQTT 3.1.1",
    "it does not accept the client id",
    "it is not available",
    "it does not accept user or password",
    "it does not allow that",
)
_CONNECT, _CONNACK, _PUBLISH, _PUBACK = 0x10, 0x20, 0x30, 0x40
_SUBSCRIBE, _SUBACK, _PING, _DISCONNECT = 0x82, 0x90, 0xC0, 0xE0
_broker = {}


class Refused(Exception):
    pass


def register(tasks, host, port=None, client=None, user=None, password=None, ssl=None):
    # client: the name of this board, which no other may have; else its id
    _broker.clear()
    _broker.update(
        {
            "host": host,
            "port": port or (8883 if ssl else 1883),
            "client": client or "tsme-" + _id(),
            "user": user,
            "password": password,
            "ssl": ssl,
        }
    )
    known = "topic message qos retain timeout_s"
    add(tasks, "mqtt:publish", "idempotent", _publish, known)
    add(tasks, "mqtt:publish_once", "once", _publish, known)
    add(tasks, "mqtt:receive", "idempotent", _receive, "topic timeout_s session")


def _id():
    try:
        from machine import unique_id

        return hexlify(unique_id()).decode()
    except (ImportError, AttributeError):
        from ..engine.platform import seed

        return "%x" % seed()


def _length(n):
    out = b""
    while True:
        n, low = n >> 7, n & 127
        out += bytes([low | 128 if n else low])
        if not n:
            return out


def _text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return len(data).to_bytes(2, "big") + data


class Session:
    # A connection to a broker.  kept: the broker keeps what comes for us while we are away.
    def __init__(self, wire, keep_alive=60):
        self.wire = wire
        self.keep_alive = keep_alive
        self.number = 0

    async def send(self, kind, data):
        await self.wire.send(bytes([kind]) + _length(len(data)) + data)

    async def receive(self, wanted=None):
        # -> (first byte, the rest); `wanted`: nothing else may come
        kind = (await self.wire.exactly(1))[0]
        if wanted is not None and kind != wanted:
            raise Garbled("the broker sends what is no MQTT")
        size = shift = 0
        while True:
            byte = (await self.wire.exactly(1))[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 21:
                raise Garbled("the broker sends what is no MQTT")
        if size > _MOST + 1024:
            raise Garbled("a message has %d bytes, more than %d" % (size, _MOST))
        return kind, await self.wire.exactly(size)

    async def begin(self, kept):
        flags = 0 if kept else 2
        data = _text(_broker["client"])
        for name, flag in (("user", 0x80), ("password", 0x40)):
            if _broker[name] is not None:
                flags |= flag
                data += _text(_broker[name])
        head = _text("MQTT") + bytes([4, flags]) + self.keep_alive.to_bytes(2, "big")
        await self.send(_CONNECT, head + data)
        _, data = await self.receive(_CONNACK)
        if len(data) != 2:
            raise Garbled("the broker sends what is no MQTT")
        if data[1]:
            raise Refused(_REFUSED[data[1] - 1] if data[1] <= len(_REFUSED) else "it refuses")

    async def publish(self, topic, message, qos, retain):
        self.number += 1
        number = self.number.to_bytes(2, "big")
        kind = _PUBLISH | qos << 1 | (1 if retain else 0)
        await self.send(kind, _text(topic) + (number if qos else b"") + message)
        while qos:
            kind, data = await self.receive()
            if kind == _PUBACK and data == number:
                return

    async def subscribe(self, topic):
        # What comes before the answer to it is kept for later.
        self.number += 1
        number = self.number.to_bytes(2, "big")
        await self.send(_SUBSCRIBE, number + _text(topic) + b"\x01")
        came = []
        while True:
            kind, data = await self.receive()
            if kind == _SUBACK and data[:2] == number:
                if data[2] == 0x80:
                    raise Refused("it does not allow %s" % topic)
                return came
            if kind & 0xF0 == _PUBLISH:
                came.append((kind, data))

    async def ping(self):
        while True:
            await asyncio.sleep(self.keep_alive / 2)
            await self.send(_PING, b"")

    async def end(self):
        try:
            await self.send(_DISCONNECT, b"")
        except Closed:
            pass
        await self.wire.close()


async def _with(kept, work):
    # What a function of a session gives.
    wire = await opened(_broker["host"], _broker["port"], _broker["ssl"])
    session = Session(wire)
    try:
        await session.begin(kept)
        found = await work(session)  # calls: Session
        await session.end()
        return found
    finally:
        await wire.close()


async def _safely(f, seconds, kept, work):
    try:
        return await within(seconds, _with(kept, work))
    except Closed as e:
        text = str(e)
        raise f.failed("Timeout" if text.startswith("no answer") else "Connection", text)
    except (Garbled, Refused) as e:
        raise f.failed("Service", "the broker: " + str(e))


def _topic(f, wild):
    topic = f.text("topic")
    if "\0" in topic or len(topic.encode()) > 1024:
        raise f.bad("topic", "a topic")
    if not wild and ("+" in topic or "#" in topic):
        raise f.bad("topic", "a topic without + and #")
    return topic


async def _publish(f):
    topic = _topic(f, False)
    message = f.get("message")
    qos = f.choice("qos", (0, 1), 1)
    retain = f.choice("retain", (False, True), False)
    seconds = f.number("timeout_s", 0.1, 3600, 20)
    if not isinstance(message, str):
        from ..values.copies import ordered
        from ..values.json import dumps

        message = dumps(ordered(message))
    data = message.encode()
    if len(data) > _MOST:
        raise f.wrong('"message" has %d bytes, more than %d' % (len(data), _MOST))

    async def work(session):
        await session.publish(topic, data, qos, retain)

    await _safely(f, seconds, False, work)
    return {"bytes": len(data), "topic": topic}


async def _receive(f):
    topic = _topic(f, True)
    seconds = f.number("timeout_s", 0.1, 86400, 60)
    kept = f.choice("session", (False, True), False)
    began = ticks()

    async def work(session):
        came = await session.subscribe(topic)
        pings = asyncio.create_task(session.ping())
        try:
            while True:
                kind, data = came.pop(0) if came else await session.receive()
                if kind & 0xF0 != _PUBLISH:
                    continue
                size = int.from_bytes(data[:2], "big")
                at = 2 + size + (2 if kind & 6 else 0)
                if at > len(data):
                    raise Garbled("it sends what is no MQTT")
                if kind & 6:  # from here on the broker counts it as ours
                    await session.send(_PUBACK, data[2 + size : at])
                return data[2 : 2 + size], data[at:], bool(kind & 1)
        finally:
            pings.cancel()

    name, message, retained = await _safely(f, seconds, kept, work)
    try:
        message = str(message, "utf-8")
    except (UnicodeError, ValueError):
        raise f.failed("Service", "the message is no text")
    ms = elapsed(began)
    return {"message": message, "ms": ms, "retained": retained, "topic": str(name, "utf-8")}
