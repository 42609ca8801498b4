# The twin of `dht`: "dht:PIN" of the world is {"temperature": degrees, "humidity": percent}.
from .world import current


class DHTBase:
    def __init__(self, pin):
        self.name = "dht:%s" % getattr(pin, "id", pin)
        self.read = {}

    def measure(self):
        read = current().get(self.name)
        if read is None:
            raise OSError(110)  # ETIMEDOUT, as if no sensor were there
        self.read = read

    def temperature(self):
        return self.read.get("temperature", 0)

    def humidity(self):
        return self.read.get("humidity", 0)


class DHT11(DHTBase):
    pass


class DHT22(DHTBase):
    pass
