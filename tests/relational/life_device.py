# Runs lives of a relational machine on this interpreter: life_device.py LIVES ANSWERS, CBOR
# sequences: [seed ...] and for each life the records, checkpoints and rejections, one after
# another.
import sys

from tests.relational.lives import life
from tsme.values.cbor import decode, encode


def main():
    with open(sys.argv[1], "rb") as f:
        seeds, _ = decode(f.read())
    with open(sys.argv[2], "wb") as f:
        for seed in seeds:
            f.write(encode(life(seed), True))


main()
