# What was logged and printed, of late: a ring in RAM, by the number of a byte.


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
