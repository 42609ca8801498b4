# What recovery finds; loaded with it.


class Info:
    # What recover() found.
    def __init__(self, records, steps, torn, blocks, generation, retired):
        self.records = records  # committed in all, also those no longer kept
        self.steps = steps  # since the newest checkpoint
        self.torn = torn  # something behind the last record was never committed
        self.blocks = blocks  # needed for recovery; blocks of the ring that may not be erased
        self.generation = generation
        self.retired = retired  # as Journal.retired
