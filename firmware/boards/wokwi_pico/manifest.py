# As of every RP2 board.
include("../rpi_pico/manifest.py")
