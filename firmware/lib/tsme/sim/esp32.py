# The twin of what tasks need of `esp32`: what wakes the chip, its temperature, its values by key.
from .world import current

WAKEUP_ALL_LOW, WAKEUP_ANY_HIGH = False, True


def wake_on_ext0(pin=None, level=None):
    current().put("wake", None if pin is None else {"level": int(level), "pin": pin.id})


def wake_on_ext1(pins=None, level=None):
    current().put("wake", pins and {"level": int(level), "pin": [pin.id for pin in pins]})


def wake_on_touch(wake):
    current().put("wake", "touch" if wake else None)


def gpio_deep_sleep_hold(on):
    current().put("hold", bool(on))


def mcu_temperature():
    return current().get("temperature", 40)


class NVS:
    def __init__(self, namespace):
        self.held = current().devices.setdefault("nvs:" + namespace, {})

    def set_i32(self, key, value):
        self.held[key] = value

    def get_i32(self, key):
        if key not in self.held:
            raise OSError(-0x1102, "ESP_ERR_NVS_NOT_FOUND")
        return self.held[key]

    set_blob = set_i32

    def get_blob(self, key, buffer):
        value = self.get_i32(key)
        buffer[: len(value)] = value
        return len(value)

    def erase_key(self, key):
        self.get_i32(key)
        del self.held[key]

    def commit(self):
        pass
