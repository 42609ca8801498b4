# The wireless network: "wifi:connect", "wifi:disconnect", "wifi:status", "wifi:scan"
# (docs/TASKS.md).
import asyncio

from . import add, need

# What a status may be called that no waiting mends, by port.
_WRONG = "STAT_WRONG_PASSWORD STAT_AUTH_FAIL"
_ABSENT = "STAT_NO_AP_FOUND"
_networks = {}


def register(tasks, networks):
    # networks: {"home": "its key"}, None for an open one.  Keys are in no payload, since the
    # journal keeps payloads.
    need("network", "WLAN", "wifi")
    _networks.clear()
    _networks.update(networks)
    add(tasks, "wifi:connect", "idempotent", connect, "ssid timeout_s")
    add(tasks, "wifi:disconnect", "idempotent", disconnect)
    add(tasks, "wifi:status", "pure", status)
    add(tasks, "wifi:scan", "pure", scan)


def _station():
    import network

    return network.WLAN(network.STA_IF)


def off():
    # The radio, before a deep sleep.
    station = _station()
    station.active(False)
    if hasattr(station, "deinit"):
        station.deinit()


def _is(value, names):
    import network

    return value in [getattr(network, name, None) for name in names.split()]


def _text(name):
    return name.decode() if isinstance(name, bytes) else name


def _networks_there(station):
    # [(strength, name, channel)], the strongest first
    found = [(seen[3], _text(seen[0]), seen[2]) for seen in station.scan()]
    return sorted([one for one in found if one[1]], reverse=True)


async def connect(f):
    seconds = f.number("timeout_s", 1, 600, 20)
    name = f.choice("ssid", tuple(sorted(_networks)), None)
    station = _station()
    if not station.active():
        station.active(True)
    if name is None:
        if station.isconnected() and _text(station.config("ssid")) in _networks:
            return _told(station)
        known = [one for _, one, _ in _networks_there(station) if one in _networks]
        if not known and len(_networks) > 1:
            text = "none of these networks is here: %s"
            raise f.failed("NotFound", text % ", ".join(sorted(_networks)))
        name = known[0] if known else list(_networks)[0]
    if not (station.isconnected() and _text(station.config("ssid")) == name):
        await _join(f, station, name, seconds)
    return _told(station)


async def _join(f, station, name, seconds):
    try:
        station.disconnect()
        station.connect(name, _networks[name])
    except OSError as e:
        raise f.failed("Connection", "the radio cannot join %s: %s" % (name, e))
    waited = 0
    while not station.isconnected():
        now = station.status()
        if _is(now, _WRONG):
            raise f.failed("Service", "%s does not accept the key" % name)
        if _is(now, _ABSENT):
            raise f.failed("NotFound", "there is no network %s here" % name)
        if waited >= seconds * 1000:
            station.disconnect()
            raise f.failed("Timeout", "%s could not be joined within %s s" % (name, seconds))
        await asyncio.sleep(0.1)
        waited += 100


def _told(station):
    address, mask, gateway, names = station.ifconfig()
    return {
        "address": address,
        "dns": names,
        "gateway": gateway,
        "mask": mask,
        "ssid": _text(station.config("ssid")),
    }


def disconnect(f):
    station = _station()
    was = station.isconnected()
    if station.active():
        station.disconnect()
        station.active(False)
    return was


def status(f):
    station = _station()
    if not station.isconnected():
        return {"connected": False}
    told = _told(station)
    told["connected"] = True
    try:
        told["rssi"] = station.status("rssi")
    except (ValueError, TypeError, OSError):
        pass  # a port that cannot tell
    return told


def scan(f):
    station = _station()
    if not station.active():
        station.active(True)
    return [
        {"channel": channel, "rssi": strength, "ssid": name}
        for strength, name, channel in _networks_there(station)
    ]
