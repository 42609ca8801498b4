# The twin of `network`: "wifi:NAME" of the world is a network, {"key": .., "rssi": ..}; without
# one in the world, each that is asked for is there.  The laptop's own network is what is used.
from .world import current

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_WRONG_PASSWORD, STAT_NO_AP_FOUND = 0, 1, -3, -2
STAT_CONNECT_FAIL, STAT_GOT_IP = -1, 3
_TAKES = 300  # ms to join


def country(code=None):
    return code


def hostname(name=None):
    return name or "tsme-sim"


class WLAN:
    IF_STA, IF_AP = 0, 1
    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = 0, 1, 2

    def __init__(self, interface=STA_IF):
        self.interface = interface

    def _state(self):
        # [active, name of the network, since when, status] of the world
        return current().devices.setdefault("wlan", [False, None, 0, STAT_IDLE])

    def active(self, on=None):
        state = self._state()
        if on is None:
            return state[0]
        state[0] = bool(on)
        if not on:
            state[1:] = [None, 0, STAT_IDLE]
        return None

    def _there(self):
        # {name: network}
        world = current()
        names = [name for name in world.inputs if name.startswith("wifi:")]
        found = {name[5:]: world.get(name) for name in names}
        return {name: found[name] for name in found if found[name]}

    def connect(self, ssid=None, key=None, *, bssid=None):
        state = self._state()
        if not state[0]:
            raise OSError("Wifi Not Started")
        known = [name for name in current().inputs if name.startswith("wifi:")]
        there = self._there().get(ssid, None if known else {})
        status = STAT_CONNECTING
        if there is None:
            status = STAT_NO_AP_FOUND
        elif there.get("key") not in (None, key):
            status = STAT_WRONG_PASSWORD
        state[1:] = [ssid, current().time(), status]

    def disconnect(self):
        self._state()[1:] = [None, 0, STAT_IDLE]

    def status(self, what=None):
        state = self._state()
        if what == "rssi":
            return self._there().get(state[1], {}).get("rssi", -50)
        if state[3] == STAT_CONNECTING and current().time() - state[2] >= _TAKES:
            state[3] = STAT_GOT_IP
        if state[3] == STAT_GOT_IP and state[1] not in self._there():
            if [name for name in current().inputs if name.startswith("wifi:")]:
                state[1:] = [None, 0, STAT_NO_AP_FOUND]  # it has gone
        return state[3]

    def isconnected(self):
        return self.status() == STAT_GOT_IP

    def ifconfig(self, given=None):
        if self.isconnected():
            return "192.0.2.10", "255.255.255.0", "192.0.2.1", "192.0.2.1"
        return ("0.0.0.0",) * 4

    def ipconfig(self, what):
        address, mask, gateway, _ = self.ifconfig()
        return {"addr4": (address, mask), "gw4": gateway}[what]

    def scan(self):
        there = self._there()
        return [
            (name.encode(), b"\0" * 6, 1, there[name].get("rssi", -50), 3, False)
            for name in sorted(there)
        ]

    def config(self, *what, **named):
        if what == ("mac",):
            return b"tsmesi"
        if what in (("ssid",), ("essid",)):
            return self._state()[1] or ""
        return None
