# The twin of what tasks need of `rp2`: the button.  Programs of PIO and flash have none.
from .world import current


def bootsel_button():
    return 1 if current().get("bootsel", 0) else 0


def country(code=None):
    return code
