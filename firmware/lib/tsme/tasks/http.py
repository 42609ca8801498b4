# Requests to servers: "http:get", "http:head", "http:put", "http:delete", "http:post",
# "http:patch", "http:post_keyed" (docs/TASKS.md), and request() for handlers.
from ..engine.tasks import TaskError
from ..values import json
from . import add
from .wire import Closed, Garbled, opened, within

_FIELDS = "url headers query timeout_s max_bytes"
_MOVED = (301, 302, 303, 307, 308)
_HOPS = 5
_HEAD_BYTES = 8192
# The characters of a query that stand for themselves.
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
_settings = {"ssl": True, "device": None}


class Response:
    # headers: names in small letters
    def __init__(self, status, headers, data):
        self.status = status
        self.headers = headers
        self.data = data


def register(tasks, ssl=True, device=None):
    # ssl: a context for https.  device: the first part of idempotency keys; else the board's id
    _settings["ssl"] = ssl
    _settings["device"] = device
    for method, effect in (("get", "pure"), ("head", "pure"), ("delete", "idempotent")):
        add(tasks, "http:" + method, effect, _plain, _FIELDS)
    for method, effect in (("put", "idempotent"), ("post", "once"), ("patch", "once")):
        add(tasks, "http:" + method, effect, _plain, _FIELDS + " body")
    add(tasks, "http:post_keyed", "idempotent", _keyed, _FIELDS + " body", True)


def _plain(f):
    return _done(f, {})


def _keyed(f, context):
    # The same action has the same key, also after a reset: the server drops what it has seen.
    key = "%s-%d-%d" % (_device(), context.execution, context.action)
    return _done(f, {"idempotency-key": key})


def _device():
    if _settings["device"] is None:
        try:
            from binascii import hexlify

            from machine import unique_id

            _settings["device"] = hexlify(unique_id()).decode()
        except (ImportError, AttributeError):
            _settings["device"] = "tsme"
    return _settings["device"]


async def _done(f, more):
    method = f.name.split(":")[1].split("_")[0].upper()
    url = f.text("url")
    headers = f.get("headers", {})
    if not isinstance(headers, dict):
        raise f.bad("headers", "an object of texts")
    head = {}
    for name in headers:
        head[name.lower()] = headers[name]
    head.update(more)
    most = f.whole("max_bytes", 0, 1000000, 16384)
    seconds = f.number("timeout_s", 0.1, 3600, 30)
    try:
        target = url + _query(f, url)
        body = _body(f, head)
        r = await within(seconds, request(method, target, head, body, most))
    except ValueError as e:
        raise f.wrong(str(e))
    except Closed as e:
        raise TaskError("States.Http.Socket", "%s: %s" % (f.name, e))
    except Garbled as e:
        raise f.failed("Service", str(e))
    if r.status >= 300:
        said = str(r.data[:256], "utf-8") if _is_text(r.data[:256]) else ""
        cause = "%s: %s answered %d: %s" % (f.name, url, r.status, said)
        raise TaskError("States.Http.StatusCode.%d" % r.status, cause)
    return {"body": _told(r), "headers": r.headers, "status": r.status}


def _is_text(data):
    try:
        str(data, "utf-8")
        return True
    except (UnicodeError, ValueError):
        return False


def _told(r):
    if not r.data:
        return None
    if not _is_text(r.data):
        from binascii import b2a_base64

        return {"base64": b2a_base64(r.data).decode().rstrip()}
    text = str(r.data, "utf-8")
    kind = r.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.loads(text)
        except Exception:  # it is none, whatever the server says
            return text
    return text


def _body(f, head):
    value = f.get("body", None)
    if value is None:
        return (
            b"" if f.name in ("http:put", "http:post", "http:patch", "http:post_keyed") else None
        )
    if isinstance(value, str):
        head.setdefault("content-type", "text/plain; charset=utf-8")
        return value.encode()
    head.setdefault("content-type", "application/json")
    from ..values.copies import ordered

    return json.dumps(ordered(value)).encode()


def _query(f, url):
    query = f.get("query", {})
    if not isinstance(query, dict):
        raise f.bad("query", "an object of texts and numbers")
    parts = []
    for name in query:
        value = query[name]
        for one in value if isinstance(value, list) else (value,):
            if isinstance(one, bool):
                one = "true" if one else "false"
            parts.append(_escaped(name) + "=" + _escaped(str(one)))
    return ("&" if "?" in url else "?") + "&".join(parts) if parts else ""


def _escaped(text):
    return "".join([chr(b) if chr(b) in _PLAIN else "%%%02X" % b for b in text.encode()])


def split(url):
    # -> (is it https, host as the header has it, host, port, path).  Raises ValueError.
    scheme, found, rest = url.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in ("http", "https"):
        raise ValueError('"url" must begin with http:// or https://')
    for c in url:
        if not " " < c < "\x7f":
            raise ValueError('"url" holds a blank or a character that must be written as %XX')
    at = min([rest.find(c) for c in "/?#" if c in rest] or [len(rest)])
    authority, path = rest[:at], rest[at:].split("#")[0]
    if "@" in authority:
        raise ValueError('"url" must not hold a password; write a header')
    host, port = authority, ""
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        port = port[1:]
    elif ":" in authority:
        host, _, port = authority.partition(":")
    if port and not port.isdigit() or not host:
        raise ValueError('"url" names no host and port')
    number = int(port) if port else 443 if scheme == "https" else 80
    if not path.startswith("/"):
        path = "/" + path
    return scheme == "https", authority, host, number, path


async def request(method, url, headers=None, body=None, most=16384):
    # -> Response.  Raises ValueError for what cannot be asked, Closed and Garbled of wire.py.
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    for _ in range(_HOPS + 1):
        r = await _one(method, url, headers, body, most)
        moved = r.headers.get("location")
        if r.status not in _MOVED or not moved or method not in ("GET", "HEAD"):
            return r
        secure, authority, _, _, _ = split(url)
        start = ("https://" if secure else "http://") + authority
        if moved.startswith("//"):
            url = start.split("//")[0] + moved
        elif "://" in moved:
            url = moved
        else:
            url = start + ("" if moved.startswith("/") else "/") + moved
        if not url.startswith(start + "/"):  # to somebody else: what is secret stays here
            headers = {
                name: headers[name] for name in headers if name not in ("authorization", "cookie")
            }
    raise Garbled("it redirects more than %d times" % _HOPS)


async def _one(method, url, headers, body, most):
    secure, authority, host, port, path = split(url)
    lines = ["%s %s HTTP/1.1" % (method, path)]
    given = {"host": authority, "user-agent": "tsme", "accept": "*/*", "connection": "close"}
    given.update(headers)
    if body is not None:
        given["content-length"] = str(len(body))
    for name in given:
        line = "%s: %s" % (name, given[name])
        if "\r" in line or "\n" in line or not name or ":" in name or " " in name:
            raise ValueError('"headers" has one that cannot be: %r' % name)
        lines.append(line)
    wire = await opened(host, port, _settings["ssl"] if secure else None)
    try:
        await wire.send("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        status = 100
        while status < 200:  # 100 Continue, 103 Early Hints
            status, found = await _head(wire)
        if method == "HEAD" or status in (204, 304):
            return Response(status, found, b"")
        return Response(status, found, await _content(wire, found, most))
    finally:
        await wire.close()


async def _head(wire):
    line = str(await wire.line(), "utf-8")
    parts = line.split(" ")
    if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
        raise Garbled("this is no HTTP server")
    found = {}
    size = 0
    while True:
        line = await wire.line()
        if not line:
            return int(parts[1]), found
        size += len(line)
        if size > _HEAD_BYTES:
            raise Garbled("the headers have more than %d bytes" % _HEAD_BYTES)
        name, _, value = line.partition(b":")
        if not _is_text(line):
            continue
        name = str(name, "utf-8").strip().lower()
        value = str(value, "utf-8").strip()
        found[name] = found[name] + ", " + value if name in found else value


async def _content(wire, headers, most):
    if headers.get("transfer-encoding", "").lower().endswith("chunked"):
        data = b""
        while True:
            text = str(await wire.line(), "utf-8").split(";")[0].strip()
            try:
                size = int(text, 16)
            except ValueError:
                raise Garbled("a part of the answer says no length")
            if size < 0 or len(data) + size > most:
                raise Garbled("the answer has more than %d bytes" % most)
            if not size:
                return data
            data += await wire.exactly(size)
            await wire.line()
    length = headers.get("content-length")
    if length is None:
        return await wire.rest(most)
    if not length.isdigit():
        raise Garbled("the answer says no length")
    if int(length) > most:
        raise Garbled("the answer has %s bytes, more than %d" % (length, most))
    return await wire.exactly(int(length))
